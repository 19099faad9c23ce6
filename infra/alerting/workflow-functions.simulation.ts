// For tests: the functions of the Workflow Definition Language that we use, strict about their arguments.
// https://learn.microsoft.com/azure/logic-apps/expression-functions-reference

export type Surroundings = {
  readonly triggerBody: unknown;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of actions that ended. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly bodies: Readonly<Record<string, unknown>>;
  readonly now: Date;
};

function expectType(value: unknown, type: "string" | "boolean" | "number", name: string): void {
  if (typeof value !== type) throw new Error(`${name} wants a ${type} and got ${JSON.stringify(value)}`);
}
const texts = (name: string, args: readonly unknown[]) => {
  for (const arg of args) expectType(arg, "string", name);
  return args as readonly string[];
};
const numbers = (name: string, args: readonly unknown[]) => {
  for (const arg of args) expectType(arg, "number", name);
  return args as readonly number[];
};
const flags = (name: string, args: readonly unknown[]) => {
  for (const arg of args) expectType(arg, "boolean", name);
  return args as readonly boolean[];
};

function own(of: Readonly<Record<string, unknown>>, args: readonly unknown[], name: string): unknown {
  const [key = ""] = texts(name, args);
  if (!Object.hasOwn(of, key)) throw new Error(`${name}('${key}') does not exist`);
  return of[key];
}

function countable(value: unknown, name: string): string | readonly unknown[] {
  if (typeof value === "string" || Array.isArray(value)) return value;
  throw new Error(`${name} wants a string or an array and got ${JSON.stringify(value)}`);
}

type Callable = (args: readonly unknown[], around: Surroundings) => unknown;
/** By lower-case name: least and most arguments, and what it does. */
export const functions: Readonly<Record<string, readonly [number, number, Callable]>> = {
  triggerbody: [0, 0, (_, { triggerBody }) => triggerBody],
  parameters: [1, 1, (args, { parameters }) => own(parameters, args, "parameters")],
  variables: [1, 1, (args, { variables }) => own(variables, args, "variables")],
  outputs: [1, 1, (args, { outputs }) => own(outputs, args, "outputs")],
  body: [1, 1, (args, { bodies }) => own(bodies, args, "body")],
  utcnow: [0, 0, (_, { now }) => now.toISOString().replace("Z", "0000Z")],
  if: [3, 3, ([condition, ...branches]) => (flags("if", [condition])[0] ? branches[0] : branches[1])],
  and: [2, 9, (args) => flags("and", args).every(Boolean)],
  not: [1, 1, (args) => !flags("not", args)[0]],
  // Null equals only null, and a number never a text.
  equals: [2, 2, ([one, other]) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null)],
  greater: [2, 2, (args) => (([a = 0, b = 0]) => a > b)(numbers("greater", args))],
  lessorequals: [2, 2, (args) => (([a = 0, b = 0]) => a <= b)(numbers("lessOrEquals", args))],
  coalesce: [1, 9, (args) => args.find((arg) => arg !== null && arg !== undefined) ?? null],
  concat: [1, 30, (args) => texts("concat", args).join("")],
  tolower: [1, 1, (args) => texts("toLower", args)[0]?.toLowerCase()],
  trim: [1, 1, (args) => texts("trim", args)[0]?.trim()],
  startswith: [
    2,
    2,
    (args) => (([a = "", b = ""]) => a.toLowerCase().startsWith(b.toLowerCase()))(texts("startsWith", args)),
  ],
  endswith: [
    2,
    2,
    (args) => (([a = "", b = ""]) => a.toLowerCase().endsWith(b.toLowerCase()))(texts("endsWith", args)),
  ],
  replace: [
    3,
    3,
    (args) => {
      const [of = "", from = "", to = ""] = texts("replace", args);
      if (from === "") throw new Error("replace wants something to look for");
      return of.replaceAll(from, () => to);
    },
  ],
  take: [2, 2, ([of, count]) => countable(of, "take").slice(0, numbers("take", [count])[0])],
  length: [1, 1, ([of]) => countable(of, "length").length],
  empty: [1, 1, ([of]) => countable(of, "empty").length === 0],
  first: [1, 1, ([of]) => countable(of, "first")[0] ?? null],
  last: [1, 1, ([of]) => countable(of, "last").at(-1) ?? null],
  contains: [2, 2, (args) => (([a = "", b = ""]) => a.includes(b))(texts("contains", args))],
  split: [2, 2, (args) => (([a = "", b = ""]) => a.split(b))(texts("split", args))],
  json: [1, 1, (args) => JSON.parse(texts("json", args)[0] ?? "")],
  string: [1, 1, ([of]) => (typeof of === "string" ? of : JSON.stringify(of))],
  // As .NET does it, which leaves less as it is than encodeURIComponent.
  uricomponent: [
    1,
    1,
    (args) =>
      encodeURIComponent(texts("uriComponent", args)[0] ?? "").replace(
        /[!'()*]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
  ],
  decodeuricomponent: [1, 1, (args) => decodeURIComponent(texts("decodeUriComponent", args)[0] ?? "")],
};
