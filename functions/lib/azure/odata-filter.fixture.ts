// Evaluates the filters of table queries, as far as the app writes them: comparisons of a column with a literal, `and`,
// `or` and parentheses. Throws for anything else.

export type Columns = Readonly<Record<string, unknown>>;
type Predicate = (columns: Columns) => boolean;

const TOKEN = /\s*(?:([()])|datetime'([^']*)'|'((?:[^']|'')*)'|([A-Za-z]\w*)|(-?\d+))/y;

function tokensOf(filter: string) {
  const tokens: { readonly text: string; readonly literal?: unknown }[] = [];
  const text = filter.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`The filter ${filter} cannot be read from character ${at}`);
    const [, paren, time, string, word, number] = match;
    if (time !== undefined) tokens.push({ text: "literal", literal: new Date(time).getTime() });
    else if (string !== undefined) tokens.push({ text: "literal", literal: string.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ text: "literal", literal: Number(number) });
    else if (word === "true" || word === "false") tokens.push({ text: "literal", literal: word === "true" });
    else tokens.push({ text: paren ?? word ?? "" });
  }
  return tokens;
}

const COMPARISONS: Readonly<Record<string, (left: never, right: never) => boolean>> = {
  eq: (left, right) => left === right,
  lt: (left, right) => left < right,
  le: (left, right) => left <= right,
  gt: (left, right) => left > right,
  ge: (left, right) => left >= right,
};

/** A row without the column does not match, and neither does a value of another type. */
function compare(column: string, operator: string, literal: unknown): Predicate {
  const comparison = COMPARISONS[operator];
  if (!comparison) throw new Error(`Unknown operator ${operator}`);
  return (columns) => {
    const value = columns[column];
    const comparable = value instanceof Date ? value.getTime() : value;
    return typeof comparable === typeof literal && comparison(comparable as never, literal as never);
  };
}

/** @returns whether the columns of a row, with PartitionKey and RowKey, match */
export function parseFilter(filter: string): Predicate {
  const tokens = tokensOf(filter);
  let at = 0;
  const next = () => tokens[at++] ?? { text: "end" };

  function term(): Predicate {
    const first = next();
    if (first.text === "(") {
      const inner = either();
      if (next().text !== ")") throw new Error(`A parenthesis is open in ${filter}`);
      return inner;
    }
    const operator = next().text;
    return compare(first.text, operator, next().literal);
  }
  function all(): Predicate {
    const left = term();
    if (tokens[at]?.text !== "and") return left;
    at++;
    const right = all();
    return (columns) => left(columns) && right(columns);
  }
  function either(): Predicate {
    const left = all();
    if (tokens[at]?.text !== "or") return left;
    at++;
    const right = either();
    return (columns) => left(columns) || right(columns);
  }
  const predicate = either();
  if (at < tokens.length) throw new Error(`The filter ${filter} has more than one expression`);
  return predicate;
}
