// Finds the function for a request: route templates, and the order in which the real host tries them. Pure.

/** `route` is without the prefix; undefined or empty means the function's name. No `methods` means all. */
export type HttpFunction = { readonly name: string; readonly methods?: readonly string[]; readonly route?: string };
export type Route = { readonly name: string; readonly methods: readonly string[]; readonly route: string };
export type RouteValues = Record<string, string>;
export type RouteMatch = { readonly name: string; readonly params: RouteValues };
export type RouteTable = {
  readonly routes: readonly Route[];
  /** The first route whose template and methods match; undefined means the host's empty 404. */
  find(method: string, path: string): RouteMatch | undefined;
};

const PARAMETER = /^\{(?:(?<rest>\*\w+)|(?<name>\w+)(?::(?:(?<guid>guid)|minlength\((?<length>\d+)\)))?)\}$/;
const HEX = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
// The forms of Guid.TryParse, without that of a C structure.
const GUID = `\\s*(?:[0-9a-f]{32}|${HEX}|\\{${HEX}\\}|\\(${HEX}\\))\\s*`;

/**
 * Compiles a template of the kinds of segment that the app uses: text, {name}, {name:guid}, {name:minlength(n)} and, at the end, {*name}.
 * @returns a function from a decoded path to its parameters, undefined if the path does not match
 * @throws {Error} with the template, the segment and the rule
 * @see https://github.com/dotnet/aspnetcore/blob/main/src/Http/Routing/src/Template/TemplateMatcher.cs
 */
export function compileRoute(template: string): (path: string) => RouteValues | undefined {
  const names: string[] = [];
  const segments = template.split("/").filter((segment) => segment !== "");
  const patterns = segments.map((segment, index) => {
    const { rest, name, guid, length = "1" } = PARAMETER.exec(segment)?.groups ?? {};
    if (rest !== undefined && index === segments.length - 1) {
      names.push(rest.slice(1));
      return "(?:/([^/].*)?)?";
    }
    if (name !== undefined) {
      names.push(name);
      return guid ? `/(${GUID})` : `/([^/]{${length},})`;
    }
    if (/[{}*?]/.test(segment)) {
      const rule = "The local host supports text, {name}, {name:guid}, {name:minlength(n)} and, at the end, {*name}";
      throw new Error(`The route template "${template}" contains "${segment}". ${rule}.`);
    }
    return `/${segment.replace(/[\\^$.+()[\]|]/g, "\\$&")}`;
  });
  // The host ignores case and one slash at the end.
  const pattern = new RegExp(`^${patterns.join("")}/?$`, "is");
  return (path) => {
    const found = pattern.exec(path);
    if (!found) return undefined;
    const values: RouteValues = {};
    for (const [index, name] of names.entries()) {
      const value = found[index + 1];
      if (value !== undefined) values[name] = value;
    }
    return values;
  };
}

// StringComparer.OrdinalIgnoreCase compares upper-case code units. azure-functions-host, FunctionMetadataManager.cs
function compareNames(one: HttpFunction, other: HttpFunction): number {
  const [a, b] = [one.name.toUpperCase(), other.name.toUpperCase()];
  return a < b ? -1 : Number(a > b);
}

/**
 * Unlike ASP.NET's endpoints, the host has no precedence by specificity: it tries functions in order of their names, and
 * the first match wins. azure-functions-host, WebScriptHostHttpRoutesManager.cs; a route whose methods do not include
 * the request's is no match (HttpMethodRouteConstraint).
 * @throws {Error} with the name of a function whose template is not supported
 */
export function routeTable(functions: readonly HttpFunction[], prefix: string): RouteTable {
  const compiled = [...functions].sort(compareNames).map(({ name, methods = [], route }) => {
    const template = [prefix, route || name].filter((part) => part !== "").join("/");
    try {
      return {
        name,
        methods: methods.map((each) => each.toUpperCase()),
        route: template,
        match: compileRoute(template),
      };
    } catch (cause) {
      throw new Error(`Function ${name}: ${(cause as Error).message}`, { cause });
    }
  });
  return {
    routes: compiled.map(({ name, methods, route }) => ({ name, methods, route })),
    find(method, path) {
      for (const { name, methods, match } of compiled) {
        if (methods.length > 0 && !methods.includes(method)) continue;
        const params = match(path);
        if (params) return { name, params };
      }
      return undefined;
    },
  };
}
