// Describes the whole route table: its OpenAPI document, and the methods that a path takes.
import { buildInfo } from "../build-info.ts";
import { openApiDocument } from "./openapi.ts";
import type { Method, Route } from "./operation.ts";

/** A route template as a URLPattern: {page} is one segment, {id:guid} a GUID, {*path} the rest. */
function patternOf(template: string): URLPattern {
  const pathname = template.replace(/\{(\*)?(\w+)(:guid)?\}/g, (_, rest, name, guid) => {
    if (rest) return `:${name}(.*)`;
    return guid ? `:${name}([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})` : `:${name}`;
  });
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
};

export function describeApi(routes: readonly Route<never>[], prefix: string): Api {
  const patterns = routes
    .filter(({ path }) => !path.includes("{*"))
    .map(({ path, methods }) => ({ pattern: patternOf(path), methods }));
  let document: object | undefined;
  return {
    prefix,
    document: () => (document ??= openApiDocument(routes, { prefix, version: buildInfo.version })),
    methodsAt: (pathname) => [
      ...new Set(patterns.flatMap(({ pattern, methods }) => (pattern.test({ pathname }) ? methods : []))),
    ],
  };
}
