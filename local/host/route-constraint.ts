// The inline constraints of a route parameter, `{id:guid}`, with ASP.NET Core's meanings. Pure.
// https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints

/** Whether a value, already decoded, may stand in the parameter's place. */
export type Constraint = (value: string) => boolean;

type Make = (argument: string) => Constraint;

// .NET's number parsers allow white space around and a sign before (NumberStyles.Integer, NumberStyles.Float).
const INTEGER = /^\s*[+-]?\d+\s*$/;
const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
// Guid.TryParse takes the forms N, D, B and P; X, the form of a C structure, has no place in an address.
const GUID =
  /^\s*(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\))\s*$/i;

function integerWithin(min: bigint, max: bigint): Constraint {
  return (value) => {
    if (!INTEGER.test(value)) return false;
    const digits = value.trim();
    const number = BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
    return number >= min && number <= max;
  };
}

const LONG = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

function bounds(argument: string, count: number): bigint[] {
  const numbers = argument.split(",").map((part) => part.trim());
  if (numbers.length !== count || !numbers.every((part) => /^[+-]?\d+$/.test(part))) {
    throw new Error(`takes ${count} whole number(s) in parentheses, not "${argument}"`);
  }
  return numbers.map(BigInt);
}

const [matches, without]: [(pattern: RegExp) => Constraint, (test: Constraint) => Make] = [
  (pattern) => (value) => pattern.test(value),
  (test) => () => test,
];

const makers: Readonly<Record<string, Make>> = {
  alpha: without(matches(/^[a-z]*$/i)),
  bool: without(matches(/^\s*(?:true|false)\s*$/i)),
  decimal: without(matches(DECIMAL)),
  double: without(matches(DECIMAL)),
  float: without(matches(DECIMAL)),
  guid: without(matches(GUID)),
  int: without(integerWithin(-(2n ** 31n), 2n ** 31n - 1n)),
  long: without(integerWithin(LONG.min, LONG.max)),
  required: without((value) => value !== ""),
  length: (argument) => {
    const [min = 0n, max = min] = bounds(argument, argument.includes(",") ? 2 : 1);
    return (value) => value.length >= min && value.length <= max;
  },
  minlength: (argument) => {
    const [min = 0n] = bounds(argument, 1);
    return (value) => value.length >= min;
  },
  maxlength: (argument) => {
    const [max = 0n] = bounds(argument, 1);
    return (value) => value.length <= max;
  },
  min: (argument) => integerWithin(bounds(argument, 1)[0] ?? 0n, LONG.max),
  max: (argument) => integerWithin(LONG.min, bounds(argument, 1)[0] ?? 0n),
  range: (argument) => {
    const [min = 0n, max = 0n] = bounds(argument, 2);
    return integerWithin(min, max);
  },
  // RegexRouteConstraint ignores case and is not anchored: the template's author writes ^ and $.
  regex: (argument) => matches(new RegExp(argument, "i")),
};

/**
 * The constraint of a name and what stands in its parentheses.
 * @throws {Error} for a name that ASP.NET Core does not know, or a wrong argument
 */
export function constraintOf(name: string, argument: string): Constraint {
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (!make) throw new Error(`constraint "${name}" is unknown; use one of ${Object.keys(makers).sort().join(", ")}`);
  try {
    return make(argument);
  } catch (cause) {
    throw new Error(`constraint "${name}": ${(cause as Error).message}`, { cause });
  }
}
