// Runs a KQL query over recorded rows: the operators and functions that the alerts use, and no others.
// https://learn.microsoft.com/kusto/query
import { compileFunction } from "node:vm";

export type Row = Readonly<Record<string, unknown>>;
export type Tables = Readonly<Record<string, readonly Row[]>>;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const terms = new Map<string, RegExp>();
function termOf(word: string): RegExp {
  const term = terms.get(word) ?? new RegExp(`(?<![a-z0-9])${word}(?![a-z0-9])`, "i");
  terms.set(word, term);
  return term;
}

const scalars = {
  // The terms of a text are its runs of letters and digits.
  has: (text: string, word: string) => termOf(word).test(text ?? ""),
  contains: (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase()),
  equalsIgnoringCase: (text: string, other: string) => text.toLowerCase() === other.toLowerCase(),
  notStartsWith: (text: string, prefix: string) => !text.toLowerCase().startsWith(prefix),
  iff: (condition: boolean, yes: unknown, no: unknown) => (condition ? yes : no),
  indexof: (text: string, part: string) => (text ?? "").indexOf(part),
  // A comparison with NaN is false, as one with the null that KQL returns.
  toint: (value: unknown) => (/^-?\d+$/.test(String(value)) ? Number(value) : Number.NaN),
  toreal: (value: number | undefined) => value ?? Number.NaN,
  tobool: (value: unknown) => value === true,
  tostring: (value: unknown) => String(value ?? ""),
  parse_json: parse,
  substring: (text: string, from: number) => (text ?? "").slice(from),
};

/** Every column that a query may name: those of the tables, and those that the queries add. */
const columns = [
  ...["TimeGenerated", "Name", "ResultCode", "DurationMs", "ItemCount", "OperationId", "Message", "Sum"],
  ...["Category", "Detail", "line", "route", "total", "weighted", "p50", "measured", "threshold", "code", "problem"],
];

/** KQL's spelling of operators, as JavaScript. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/(\w+) !startswith ("[^"]*")/g, "notStartsWith($1, $2)"],
  [/(\w+) has ("[^"]*")/g, "has($1, $2)"],
  [/(\w+) contains ("[^"]*")/g, "contains($1, $2)"],
  [/(\w+) =~ ("[^"]*")/g, "equalsIgnoringCase($1, $2)"],
  [/(\w+) in \(([^)]*)\)/g, "[$2].includes($1)"],
  [/ago\((\d+)([mhd])\)/g, "(now - $1 * UNITS.$2)"],
  [/ and /g, " && "],
  [/ or /g, " || "],
  [/ == /g, " === "],
  [/line\.(\w+)/g, "line?.$1"],
];

type Evaluate = (row: Row, now: number) => unknown;
const compiled = new Map<string, Evaluate>();

function compile(expression: string): Evaluate {
  const known = compiled.get(expression);
  if (known) return known;
  const script = spellings.reduce((text, [from, to]) => text.replaceAll(from, to), expression);
  // Only the columns of the expression: a name that is neither column nor function is an error at the first row.
  const used = columns.filter((column) => new RegExp(`\\b${column}\\b`).test(script));
  const body = `return (row, now) => { const { ${used.join(", ")} } = row; return ${script}; };`;
  const evaluate = compileFunction(body, ["UNITS", ...Object.keys(scalars)])(UNITS, ...Object.values(scalars));
  compiled.set(expression, evaluate);
  return evaluate;
}

/** Splits at a separator that is in no parentheses. */
function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    depth += Number(text[at] === "(") - Number(text[at] === ")");
    if (depth > 0 || !text.startsWith(separator, at)) continue;
    parts.push(text.slice(start, at));
    start = at + separator.length;
  }
  return [...parts, text.slice(start)];
}

/** `a = f(x, y), b = g(z), c` as pairs of a name and an expression. */
const assignments = (list: string) =>
  splitOutside(list, ", ").map((each) => {
    const [name = "", expression = name] = each.split(/ = (.*)/s, 2);
    return [name, expression] as const;
  });

function compileAll(list: string): (row: Row, now: number) => Row {
  const evaluated = assignments(list).map(([name, expression]) => [name, compile(expression)] as const);
  return (row, now) => Object.fromEntries(evaluated.map(([name, evaluate]) => [name, evaluate(row, now)]));
}

function aggregate(call: string, rows: readonly Row[], now: number): unknown {
  const [, name, argument = ""] = /^(\w+)\((.*)\)$/s.exec(call) ?? [];
  if (name === "toreal") return aggregate(argument, rows, now);
  if (name === "count") return rows.length;
  if (name === "sum") {
    const evaluate = compile(argument);
    return rows.reduce((sum, row) => sum + (evaluate(row, now) as number), 0);
  }
  if (name !== "percentilew") throw new Error(`no aggregate ${call}`);
  const [value = "", weight = "", percent] = argument.split(", ");
  const sorted = rows.map((row) => [Number(row[value]), Number(row[weight])] as const).sort(([a], [b]) => a - b);
  const goal = (sorted.reduce((sum, [, each]) => sum + each, 0) * Number(percent)) / 100;
  let reached = 0;
  for (const [measured, each] of sorted) {
    reached += each;
    if (reached >= goal) return measured;
  }
  return null;
}

type Context = { readonly tables: Tables; readonly now: number };
const operators: Readonly<Record<string, (rows: readonly Row[], text: string, context: Context) => readonly Row[]>> = {
  where(rows, text, { now }) {
    const holds = compile(text);
    return rows.filter((row) => holds(row, now) === true);
  },
  extend(rows, text, { now }) {
    const compute = compileAll(text);
    return rows.map((row) => ({ ...row, ...compute(row, now) }));
  },
  project(rows, text, { now }) {
    const compute = compileAll(text);
    return rows.map((row) => compute(row, now));
  },
  summarize: (rows, text, { now }) => [
    Object.fromEntries(assignments(text).map(([name, each]) => [name, aggregate(each, rows, now)])),
  ],
  join(rows, text, { tables, now }) {
    const [, query = "", column = ""] = /^kind=leftanti \((.*)\) on (\w+)$/s.exec(text) ?? [];
    if (!column) throw new Error(`no join ${text}`);
    const others = new Set(runQuery(query, tables, now).map((row) => row[column]));
    return rows.filter((row) => !others.has(row[column]));
  },
};

/** The rows of a table, of a union of tables, or of a union of queries in parentheses. */
function rowsOf(source: string, { tables, now }: Context): readonly Row[] {
  return splitOutside(source.replace(/^union (?:isfuzzy=true )?/, ""), ", ").flatMap((part) => {
    if (part.startsWith("(")) return runQuery(part.slice(1, -1), tables, now);
    return (tables[part] ?? []).map((row) => (row.TimeGenerated === undefined ? { TimeGenerated: now, ...row } : row));
  });
}

/**
 * The rows that a query returns.
 * @param now milliseconds since 1970, for `ago`; a row without a time is of that moment
 * @throws for an operator, function or column that it does not know
 */
export function runQuery(query: string, tables: Tables, now = 0): readonly Row[] {
  const [source = "", ...steps] = splitOutside(query, "\n| ");
  const context = { tables, now };
  return steps.reduce<readonly Row[]>(
    (current, step) => {
      const [, name = "", text = ""] = /^(\w+) (.*)$/s.exec(step) ?? [];
      const operator = operators[name];
      if (!operator) throw new Error(`no operator ${name}`);
      return operator(current, text, context);
    },
    rowsOf(source, context),
  );
}
