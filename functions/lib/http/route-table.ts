// Describes the whole route table: its OpenAPI document, and the methods that a path takes.
import { buildInfo } from "../build-info.ts";
import { openApiDocument } from "./openapi.ts";
import type { Method, Route } from "./route.ts";

const REST = /\/\{\*(\w+)\}$/;
const PARAMETER = /\{(\w+)(?::(guid|minlength\((\d+)\)))?\}/g;
const GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";

/** One character of a path, as written or as the escapes of its UTF-8. */
const CHARACTER = "(?:%[0-7][0-9a-f]|%[c-f][0-9a-f](?:%[89ab][0-9a-f])+|[^\\/%])";

/** A route template as a URLPattern: {page} and {id:minlength(5)} are one segment, {id:guid} a GUID, {*path} the rest. */
function patternOf(template: string): URLPattern {
  return toPattern(
    template.replace(REST, "{/:$1([^\\/].*)}?").replace(PARAMETER, (_, name, constraint, length) => {
      if (length) return `:${name}(${CHARACTER}{${length},})`;
      return constraint ? `:${name}(${GUID})` : `:${name}`;
    }),
  );
}

function toPattern(pathname: string): URLPattern {
  // The host ignores a trailing slash.
  return new URLPattern({ pathname: `${pathname}{/}?` }, { ignoreCase: true });
}

/** The API's description of itself, for the operations that return parts of it. */
export type Api = {
  /** The host's route prefix, such as /api. */
  readonly prefix: string;
  /** The OpenAPI document. */
  readonly document: () => object;
  /** Methods of the routes that match a path below the prefix, without the fallback. */
  readonly methodsAt: (path: string) => readonly Method[];
  /** The rule that a path without a route breaks, if a parameter is all that separates it from one. */
  readonly ruleAt: (path: string) => string | undefined;
};

/** Matches when only the form of the parameter is wrong: an id that is no GUID or too short, or a value with a slash. */
function almostMatching({ path }: Route<never>) {
  const [parameter, name, constraint, length] = [...path.matchAll(PARAMETER)].at(-1) ?? [];
  if (!parameter) return [];
  const segment = `the ${name} must be one segment, without a slash`;
  const rule = length
    ? `${segment}, of at least ${length} characters`
    : constraint
      ? `the ${name} must be a GUID`
      : segment;
  return [
    { pattern: toPattern(path.replace(parameter, `:${name}(.+)`)), rule: `in ${path.replace(/:[^}]+/, "")} ${rule}` },
  ];
}

export function describeApi(routes: readonly Route<never>[], prefix: string): Api {
  const patterns = routes
    .filter(({ path }) => !path.startsWith("/{*"))
    .map(({ path, methods }) => ({ pattern: patternOf(path), methods }));
  const almost = routes.flatMap(almostMatching);
  let document: object | undefined;
  return {
    prefix,
    document: () => (document ??= openApiDocument(routes, { prefix, version: buildInfo.version })),
    methodsAt: (pathname) => [
      ...new Set(patterns.flatMap(({ pattern, methods }) => (pattern.test({ pathname }) ? methods : []))),
    ],
    ruleAt: (pathname) => almost.find(({ pattern }) => pattern.test({ pathname }))?.rule,
  };
}
