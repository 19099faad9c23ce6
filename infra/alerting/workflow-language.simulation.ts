// For tests: evaluates expressions of the Workflow Definition Language, and the templates they stand in.
import { functions, type Surroundings } from "./workflow-functions.simulation.ts";

/** Longest expression that Logic Apps take. */
export const LONGEST_EXPRESSION = 8192;

const TOKEN = /\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*)|(\?\[|\?\.|[()[\],.]))/y;
type Token = { readonly kind: "text" | "number" | "name" | "sign"; readonly value: string };

function tokens(source: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < source.trimEnd().length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (!match) throw new Error(`Not an expression at ${at}: ${source.slice(at, at + 40)}`);
    const [, quoted, number, name, sign] = match;
    if (quoted !== undefined) found.push({ kind: "text", value: quoted.replaceAll("''", "'") });
    else if (number !== undefined) found.push({ kind: "number", value: number });
    else if (name !== undefined) found.push({ kind: "name", value: name });
    else found.push({ kind: "sign", value: sign ?? "" });
    at = TOKEN.lastIndex;
  }
  return found;
}

function memberOf(of: unknown, key: unknown, mayMiss: boolean): unknown {
  if ((of === null || of === undefined) && mayMiss) return null;
  if (typeof of !== "object" || of === null) throw new Error(`${JSON.stringify(of)} has no member ${key}`);
  const found = (of as Record<string, unknown>)[String(key)];
  if (found === undefined && !mayMiss) throw new Error(`There is no member ${key}`);
  return found ?? null;
}

/** The value of an expression without its `@`. */
export function evaluate(source: string, around: Surroundings): unknown {
  if (source.length > LONGEST_EXPRESSION) throw new Error(`An expression of ${source.length} characters is too long`);
  const list = tokens(source);
  let at = 0;
  const isSign = (...signs: string[]) => list[at]?.kind === "sign" && signs.includes(list[at]?.value ?? "");
  const take = () => {
    const token = list[at++];
    if (!token) throw new Error(`Ends too early: ${source}`);
    return token;
  };
  const expectSign = (sign: string) => {
    if (!isSign(sign)) throw new Error(`${sign} expected, ${list[at]?.value ?? "the end"} found in ${source}`);
    at++;
  };

  function called(name: string): unknown {
    expectSign("(");
    const args: unknown[] = [];
    while (!isSign(")")) {
      args.push(expression());
      if (!isSign(")")) expectSign(",");
    }
    expectSign(")");
    const [least, most, run] = functions[name.toLowerCase()] ?? [];
    if (!run || least === undefined || most === undefined) throw new Error(`The test knows no function ${name}`);
    if (args.length < least || args.length > most) throw new Error(`${name} does not take ${args.length} arguments`);
    return run(args, around);
  }

  function literal(): unknown {
    const { kind, value } = take();
    if (kind === "text") return value;
    if (kind === "number") return Number(value);
    if (kind === "sign") throw new Error(`${value} begins nothing in ${source}`);
    if (value === "true" || value === "false") return value === "true";
    return value === "null" ? null : called(value);
  }

  function expression(): unknown {
    let found = literal();
    while (isSign("[", "?[", ".", "?.")) {
      const sign = take().value;
      const key = sign.endsWith("[") ? expression() : take().value;
      if (sign.endsWith("[")) expectSign("]");
      found = memberOf(found, key, sign.startsWith("?"));
    }
    return found;
  }

  const result = expression();
  if (at < list.length) throw new Error(`${list[at]?.value} is too much in ${source}`);
  return result;
}

/** The end of the expression that begins behind `@{`: its closing brace, outside quotes. */
function endOf(template: string, from: number): number {
  let quoted = false;
  for (let at = from; at < template.length; at++) {
    if (template[at] === "'") quoted = !quoted;
    if (template[at] === "}" && !quoted) return at;
  }
  throw new Error(`@{ without its end: ${template}`);
}

function fillText(template: string, around: Surroundings): unknown {
  if (template.startsWith("@") && template[1] !== "{" && template[1] !== "@")
    return evaluate(template.slice(1), around);
  let filled = "";
  for (let at = 0; at < template.length; at++) {
    if (template.startsWith("@@", at)) filled += template[at++];
    else if (template.startsWith("@{", at)) {
      const end = endOf(template, at + 2);
      const value = evaluate(template.slice(at + 2, end), around);
      filled += typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
      at = end;
    } else filled += template[at];
  }
  return filled;
}

/** A definition's value with every expression in it evaluated. */
export function fill(template: unknown, around: Surroundings): unknown {
  if (typeof template === "string") return fillText(template, around);
  if (Array.isArray(template)) return template.map((item) => fill(item, around));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, around)]));
}
