// Reads a route template, `images/{id:guid}/{*rest}`, and matches paths with it as ASP.NET Core's TemplateMatcher does. Pure.
// https://github.com/dotnet/aspnetcore/blob/main/src/Http/Routing/src/Template/TemplateMatcher.cs
import { type Constraint, constraintOf } from "./route-constraint.ts";

type Parameter = {
  readonly name: string;
  readonly catchAll: boolean;
  readonly optional: boolean;
  readonly fallback: string | undefined;
  readonly constraints: readonly Constraint[];
};

/** A whole literal, a whole parameter, or a mixture of both such as `{name}.{ext}`. */
type Segment =
  | { readonly literal: string }
  | { readonly parameter: Parameter }
  | { readonly pattern: RegExp; readonly parameters: readonly Parameter[] };

export type RouteTemplate = { readonly template: string; readonly segments: readonly Segment[] };
export type RouteValues = Record<string, string>;

const PARAMETER = /^(\*{0,2})([^*:=?{}/]+)((?::[^:=?(]+(?:\(.*?\)(?=[:=?]|$))?)*)(?:=(.*?))?(\?)?$/s;
const CONSTRAINT = /:([^:=?(]+)(?:\((.*?)\)(?=:|$))?/gs;
// Text, or a parameter in braces; a doubled brace is a brace, in text as in a parameter's regular expression.
const PARTS = /\{(?!\{)((?:[^{}]|\{\{|\}\})*)\}|((?:[^{}]|\{\{|\}\})+)/gy;
const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
const unescaped = (text: string) => text.replaceAll("{{", "{").replaceAll("}}", "}");

function parseParameter(text: string): Parameter {
  const match = PARAMETER.exec(unescaped(text));
  if (!match) throw new Error(`"{${text}}" is no parameter; write {name}, {name?}, {name:constraint} or {*name}`);
  const [, stars, name = "", constraints = "", fallback, optional] = match;
  return {
    name,
    catchAll: stars !== "",
    optional: optional !== undefined,
    fallback,
    constraints: [...constraints.matchAll(CONSTRAINT)].map(([, kind = "", argument = ""]) =>
      constraintOf(kind, argument),
    ),
  };
}

function parseSegment(parts: readonly (string | Parameter)[]): Segment {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    return typeof only === "string" ? { literal: only.toLowerCase() } : { parameter: only };
  }
  const parameters = parts.filter((part) => typeof part !== "string");
  if (parameters.some(({ catchAll, optional }) => catchAll || optional)) {
    throw new Error("a catch-all or optional parameter stands alone between slashes");
  }
  // Greedy from the left finds what the original finds from the right: the last place of each literal.
  const source = parts.map((part) => (typeof part === "string" ? quoted(part) : "(.+)")).join("");
  return { pattern: new RegExp(`^${source}$`, "is"), parameters };
}

/**
 * @throws {Error} naming the template and the rule it breaks
 */
export function parseTemplate(template: string): RouteTemplate {
  try {
    const segments: (string | Parameter)[][] = [];
    let open: (string | Parameter)[] | undefined;
    let at = 0;
    for (const [whole, parameter, text] of template.matchAll(PARTS)) {
      at += whole.length;
      const pieces = text === undefined ? [parseParameter(parameter ?? "")] : text.split(/(\/)/).map(unescaped);
      for (const piece of pieces.filter((part) => part !== "")) {
        if (piece === "/") open = undefined;
        else if (open) open.push(piece);
        else {
          open = [piece];
          segments.push(open);
        }
      }
    }
    if (at !== template.length) throw new Error(`the braces at "${template.slice(at)}" do not pair`);
    const parsed = segments.map(parseSegment);
    if (parsed.slice(0, -1).some((segment) => "parameter" in segment && segment.parameter.catchAll)) {
      throw new Error("a catch-all parameter is the last");
    }
    return { template, segments: parsed };
  } catch (cause) {
    throw new Error(`The route template "${template}" is wrong: ${(cause as Error).message}.`, { cause });
  }
}

const allows = ({ constraints }: Parameter, value: string) => constraints.every((constraint) => constraint(value));

/** The pieces of a decoded path between its slashes; a slash at the end does not count, an empty piece in between does. */
export function pathPieces(path: string): string[] {
  const pieces = path.split("/").slice(1);
  if (pieces.at(-1) === "") pieces.pop();
  return pieces;
}

/** The parameters' values, or undefined if the path, in pieces, is none of this template's. */
export function matchTemplate(
  { segments }: RouteTemplate,
  path: string,
  pieces = pathPieces(path),
): RouteValues | undefined {
  const values: RouteValues = {};
  for (const [index, segment] of segments.entries()) {
    const piece = pieces[index];
    if (piece === "") return undefined;
    if ("parameter" in segment) {
      const { parameter } = segment;
      const { catchAll, optional, fallback, name } = parameter;
      // What a catch-all takes keeps its slashes, the last one included.
      const value =
        piece !== undefined && catchAll
          ? path
              .split("/")
              .slice(index + 1)
              .join("/")
          : (piece ?? fallback);
      if (value === undefined) {
        if (!optional && !(catchAll && parameter.constraints.length === 0)) return undefined;
        continue;
      }
      if (!allows(parameter, value)) return undefined;
      values[name] = value;
      if (catchAll) return values;
    } else if (piece === undefined) {
      return undefined;
    } else if ("literal" in segment) {
      if (segment.literal !== piece.toLowerCase()) return undefined;
    } else {
      const found = segment.pattern.exec(piece)?.slice(1);
      if (!found) return undefined;
      for (const [place, parameter] of segment.parameters.entries()) {
        const value = found[place] ?? "";
        if (!allows(parameter, value)) return undefined;
        values[parameter.name] = value;
      }
    }
  }
  return pieces.length > segments.length ? undefined : values;
}
