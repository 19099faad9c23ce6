// For tests: the operators and functions of KQL that our alerts use. https://learn.microsoft.com/kusto/query

export type Row = Readonly<Record<string, unknown>>;

/** The value of an expression for a row; aggregates look at all rows instead. */
export type Expression = (row: Row, all: readonly Row[]) => unknown;

const number = (value: unknown) => {
  if (typeof value !== "number") throw new Error(`A number was expected, not ${JSON.stringify(value)}`);
  return value;
};
const text = (value: unknown) => {
  if (typeof value !== "string") throw new Error(`A text was expected, not ${JSON.stringify(value)}`);
  return value;
};

export const binary: Readonly<Record<string, (one: unknown, other: unknown) => unknown>> = {
  or: (one, other) => one === true || other === true,
  and: (one, other) => one === true && other === true,
  "==": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  // A comparison with null, which toint makes of what is no number, is never true.
  ">=": (one, other) => one !== null && number(one) >= number(other),
  "<=": (one, other) => one !== null && number(one) <= number(other),
  ">": (one, other) => one !== null && number(one) > number(other),
  "<": (one, other) => one !== null && number(one) < number(other),
  // A whole word, in any letter case.
  has: (one, other) => new RegExp(`(?<![a-z0-9])${text(other)}(?![a-z0-9])`, "i").test(text(one)),
  "!startswith": (one, other) => !text(one).toLowerCase().startsWith(text(other).toLowerCase()),
  "+": (one, other) => number(one) + number(other),
  "-": (one, other) => number(one) - number(other),
  "*": (one, other) => number(one) * number(other),
  // Integers divide to an integer.
  "/": (one, other) => {
    const quotient = number(one) / number(other);
    return Number.isInteger(one) && Number.isInteger(other) ? Math.trunc(quotient) : quotient;
  },
};

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

export const scalar: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  toint: (value) => (/^-?\d+$/.test(String(value)) ? Number(value) : null),
  toreal: (value) => number(value),
  tostring: (value) => (value === null || value === undefined ? "" : String(value)),
  parse_json: (value) => parsed(text(value)),
  indexof: (of, part) => text(of).indexOf(text(part)),
  substring: (of, from) => text(of).slice(number(from)),
};

/** The least value whose weight, with that of all below, reaches the share. Null without rows. */
function weightedPercentile(pairs: readonly (readonly [number, number])[], percent: number): number | null {
  const sorted = [...pairs].sort(([one], [other]) => one - other);
  const goal = (sorted.reduce((sum, [, weight]) => sum + weight, 0) * percent) / 100;
  let reached = 0;
  for (const [value, weight] of sorted) {
    reached += weight;
    if (reached >= goal) return value;
  }
  return null;
}

export const aggregates: Readonly<Record<string, (rows: readonly Row[], ...args: Expression[]) => unknown>> = {
  sum: (rows, of) => rows.reduce((sum, row) => sum + number(of?.(row, rows)), 0),
  sumif: (rows, of, when) =>
    rows.reduce((sum, row) => (when?.(row, rows) === true ? sum + number(of?.(row, rows)) : sum), 0),
  percentilew: (rows, of, weight, percent) =>
    weightedPercentile(
      rows.map((row) => [number(of?.(row, rows)), number(weight?.(row, rows))]),
      number(percent?.({}, rows)),
    ),
};
