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

const scalars = {
  has: (text: string, word: string) => new RegExp(`(?<![a-z0-9])${word}(?![a-z0-9])`, "i").test(text ?? ""),
  notStartsWith: (text: string, prefix: string) => !text.toLowerCase().startsWith(prefix),
  iff: (condition: boolean, yes: unknown, no: unknown) => (condition ? yes : no),
  indexof: (text: string, part: string) => (text ?? "").indexOf(part),
  // A comparison with NaN is false, as one with the null that KQL returns.
  toint: (text: string) => (/^-?\d+$/.test(text) ? Number(text) : Number.NaN),
  toreal: (value: number | undefined) => value ?? Number.NaN,
  tostring: (value: unknown) => String(value ?? ""),
  parse_json: parse,
  substring: (text: string, from: number) => (text ?? "").slice(from),
};

/** KQL's spelling of operators, as JavaScript. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/(\w+) !startswith ("[^"]*")/g, "notStartsWith($1, $2)"],
  [/(\w+) has ("[^"]*")/g, "has($1, $2)"],
  [/(\w+) in \(([^)]*)\)/g, "[$2].includes($1)"],
  [/ and /g, " && "],
  [/ or /g, " || "],
  [/ == /g, " === "],
  [/line\.(\w+)/g, "line?.$1"],
];

function compile(expression: string): (row: Row) => unknown {
  const script = spellings.reduce((text, [from, to]) => text.replaceAll(from, to), expression);
  const evaluate = compileFunction(`with (scope) { return ${script}; }`, ["scope"]);
  return (row) => evaluate({ ...scalars, ...row });
}

/** `a = f(x, y), b = g(z)` as pairs of a name and an expression. */
const assignments = (list: string) =>
  list.split(/, (?=\w+ = )/).map((each) => each.split(/ = (.*)/s, 2) as [name: string, expression: string]);

function compileAll(list: string): (row: Row) => Row {
  const columns = assignments(list).map(([name, expression]) => [name, compile(expression)] as const);
  return (row) => Object.fromEntries(columns.map(([name, evaluate]) => [name, evaluate(row)]));
}

function aggregate(call: string, rows: readonly Row[]): unknown {
  const [, name, argument = ""] = /^(\w+)\((.*)\)$/s.exec(call) ?? [];
  if (name === "sum") return rows.map(compile(argument)).reduce((sum: number, each) => sum + (each as number), 0);
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

const operators: Readonly<Record<string, (rows: readonly Row[], text: string) => readonly Row[]>> = {
  where(rows, text) {
    const holds = compile(text);
    return rows.filter((row) => holds(row) === true);
  },
  extend(rows, text) {
    const compute = compileAll(text);
    return rows.map((row) => ({ ...row, ...compute(row) }));
  },
  project: (rows, text) => rows.map(compileAll(text)),
  summarize: (rows, text) => [
    Object.fromEntries(assignments(text).map(([name, each]) => [name, aggregate(each, rows)])),
  ],
};

// A union has the columns of all its tables.
const NO_VALUES: Row = { name: undefined, message: undefined, itemCount: undefined, valueSum: undefined };

/** The rows that a query returns. @throws for an operator, function or column that it does not know */
export function runQuery(query: string, tables: Tables): readonly Row[] {
  const [source = "", ...steps] = query.split("\n| ");
  const names = source.replace("union ", "").split(", ");
  const rows = names.flatMap((name) => tables[name] ?? []).map((row) => ({ ...NO_VALUES, ...row }));
  return steps.reduce<readonly Row[]>((current, step) => {
    const [, name = "", text = ""] = /^(\w+) (.*)$/s.exec(step) ?? [];
    const operator = operators[name];
    if (!operator) throw new Error(`no operator ${name}`);
    return operator(current, text);
  }, rows);
}
