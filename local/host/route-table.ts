// Puts HTTP functions in the order in which the real host tries their routes, and finds the one that answers a request. Pure.
import { matchTemplate, parseTemplate, pathPieces, type RouteTemplate, type RouteValues } from "./route-template.ts";

/** `route` is without the prefix; undefined or empty means the function's name. No `methods` means all. */
export type HttpFunction = { readonly name: string; readonly methods?: readonly string[]; readonly route?: string };
export type Route = { readonly name: string; readonly methods: readonly string[]; readonly route: string };
export type RouteMatch = { readonly name: string; readonly params: RouteValues };
export type RouteTable = {
  readonly routes: readonly Route[];
  /** The first route whose template and methods fit, or undefined: the host then answers an empty 404. */
  find(method: string, path: string): RouteMatch | undefined;
};

// StringComparer.OrdinalIgnoreCase compares upper-case code units. azure-functions-host, FunctionMetadataManager.cs
function byName(one: HttpFunction, other: HttpFunction): number {
  const [a, b] = [one.name.toUpperCase(), other.name.toUpperCase()];
  return a < b ? -1 : Number(a > b);
}

/**
 * No precedence by specificity, unlike ASP.NET's endpoints: functions stand in order of their names, and the first that
 * fits wins. azure-functions-host, WebScriptHostHttpRoutesManager.cs; a method that does not fit is no match (HttpMethodRouteConstraint).
 * @throws {Error} naming a function whose route template is wrong
 */
export function routeTable(functions: readonly HttpFunction[], prefix: string): RouteTable {
  const compiled = [...functions].sort(byName).map(({ name, methods = [], route }) => {
    const path = [prefix, route || name].filter((part) => part !== "").join("/");
    let template: RouteTemplate;
    try {
      template = parseTemplate(path);
    } catch (cause) {
      throw new Error(`Function ${name}: ${(cause as Error).message}`, { cause });
    }
    return { name, methods: methods.map((method) => method.toUpperCase()), route: path, template };
  });
  return {
    routes: compiled.map(({ name, methods, route }) => ({ name, methods, route })),
    find(method, path) {
      const pieces = pathPieces(path);
      for (const { name, methods, template } of compiled) {
        if (methods.length > 0 && !methods.includes(method)) continue;
        const params = matchTemplate(template, path, pieces);
        if (params) return { name, params };
      }
      return undefined;
    },
  };
}
