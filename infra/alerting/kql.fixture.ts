// For tests: runs a KQL query over recorded rows. Knows the operators and functions that our alerts use, nothing else.
// https://learn.microsoft.com/kusto/query

import { aggregates, binary, type Expression, type Row, scalar } from "./kql-functions.fixture.ts";

export type Recorded = Readonly<Record<string, readonly Row[]>>;

type Token = { readonly kind: "text" | "number" | "name" | "sign"; readonly value: string };
const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(!startswith|==|!=|>=|<=|[-+*/<>()|,.=]))/y;
// From the loosest to the tightest.
const LEVELS = [
  ["or"],
  ["and"],
  ["==", "!=", ">=", "<=", ">", "<", "has", "!startswith", "in"],
  ["+", "-"],
  ["*", "/"],
];

function tokens(query: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < query.trimEnd().length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(query);
    if (!match) throw new Error(`Not KQL at ${at}: ${query.slice(at, at + 40)}`);
    const [, text, number, name, sign = ""] = match;
    if (text !== undefined) found.push({ kind: "text", value: JSON.parse(`"${text}"`) });
    else if (number !== undefined) found.push({ kind: "number", value: number });
    else found.push(name === undefined ? { kind: "sign", value: sign } : { kind: "name", value: name });
  }
  return found;
}

/** The rows that a query gives, over tables by name. */
export function runQuery(query: string, tables: Recorded): readonly Row[] {
  const list = tokens(query);
  let at = 0;
  const next = () => list[at++] ?? { kind: "sign", value: "the end" };
  const isNext = (...values: string[]) => list[at]?.kind !== "text" && values.includes(list[at]?.value ?? "");
  const expectNext = (value: string) => {
    const found = next().value;
    if (found !== value) throw new Error(`${value} expected, ${found} found in ${query}`);
  };

  /** Several, between parentheses that are open already. */
  function listed<T>(read: () => T): T[] {
    const found = [read()];
    while (isNext(",")) {
      at++;
      found.push(read());
    }
    expectNext(")");
    return found;
  }

  function atom(): Expression {
    const { kind, value } = next();
    if (kind === "text") return () => value;
    if (kind === "number") return () => Number(value);
    if (value === "(") {
      const inner = expression();
      expectNext(")");
      return inner;
    }
    if (kind !== "name") throw new Error(`${value} begins nothing in ${query}`);
    if (!isNext("(")) {
      return (row) => {
        if (!Object.hasOwn(row, value)) throw new Error(`There is no column ${value}`);
        return row[value];
      };
    }
    at++;
    const args = listed(expression);
    const aggregate = aggregates[value];
    if (aggregate) return (_, all) => aggregate(all, ...args);
    const plain = scalar[value];
    if (!plain) throw new Error(`The test knows no function ${value}`);
    return (row, all) => plain(...args.map((arg) => arg(row, all)));
  }

  function postfix(): Expression {
    let of = atom();
    while (isNext(".")) {
      at++;
      const { value: name } = next();
      const inner = of;
      // A member of what is no object is null.
      of = (row, all) => (inner(row, all) as Row | null | undefined)?.[name] ?? null;
    }
    return of;
  }

  function expression(level = 0): Expression {
    const operators = LEVELS[level];
    if (!operators) return postfix();
    let left = expression(level + 1);
    while (isNext(...operators)) {
      const operator = next().value;
      const one = left;
      if (operator === "in") {
        expectNext("(");
        const values = listed(expression);
        left = (row, all) => values.some((value) => value(row, all) === one(row, all));
      } else {
        const other = expression(level + 1);
        left = (row, all) => binary[operator]?.(one(row, all), other(row, all));
      }
    }
    return left;
  }

  function named(): Record<string, Expression> {
    const found: Record<string, Expression> = {};
    do {
      if (isNext(",")) at++;
      const { value: name } = next();
      expectNext("=");
      found[name] = expression();
    } while (isNext(","));
    return found;
  }
  const values = (of: Readonly<Record<string, Expression>>, row: Row, all: readonly Row[]) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, value(row, all)]));

  function source(): readonly Row[] {
    const { value: name } = next();
    if (name !== "union") {
      const rows = tables[name];
      if (!rows) throw new Error(`There is no table ${name}`);
      return rows;
    }
    const parts: (readonly Row[])[] = [];
    do {
      if (isNext(",")) at++;
      expectNext("(");
      parts.push(pipeline());
      expectNext(")");
    } while (isNext(","));
    return parts.flat();
  }

  function pipeline(): readonly Row[] {
    let rows = source();
    while (isNext("|")) {
      at++;
      const { value: operator } = next();
      if (operator === "where") {
        const condition = expression();
        rows = rows.filter((row) => condition(row, rows) === true);
      } else if (operator === "extend" || operator === "project") {
        const made = named();
        rows = rows.map((row) => ({ ...(operator === "extend" && row), ...values(made, row, rows) }));
      } else if (operator === "summarize") rows = [values(named(), {}, rows)];
      else throw new Error(`The test knows no operator ${operator}`);
    }
    return rows;
  }

  const result = pipeline();
  if (at < list.length) throw new Error(`${list[at]?.value} is too much in ${query}`);
  return result;
}
