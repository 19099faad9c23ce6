// Laws of the route table, and the examples of its operations.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRoute, routeTable } from "../local/host/route-table.ts";
import type { Deps } from "./deps.ts";
import type { Route } from "./lib/http/route.ts";
import { describeApi } from "./lib/http/route-table.ts";
import { functionNames, oauthPaths, ROUTE_PREFIX } from "./lib/names.ts";
import { readSettings } from "./lib/settings.ts";
import { routes, routesOf } from "./routes.ts";

const api = describeApi(routes, ROUTE_PREFIX);
const GUID = "0198c0de-0000-7000-8000-00000000abcd";
const own = routes.filter(({ path }) => !path.includes("{*"));
const host = routeTable(
  routes.map(({ name, methods, path }) => ({ name, methods, route: path.slice(1) })),
  ROUTE_PREFIX.slice(1),
);
const each = (list: readonly Route<Deps>[]) => list.map((route) => [route.name, route] as const);

describe("the route table", () => {
  it("has one route for each function that the code names", () => {
    expect(routes.map(({ name }) => name).sort()).toEqual([...functionNames].sort());
  });

  it("has every route, except those that a setting turns off", () => {
    const names = (OPENAPI_ENABLED: string) =>
      routesOf(readSettings({ ...process.env, OPENAPI_ENABLED })).map(({ name }) => name);
    expect(names("true")).toEqual(expect.arrayContaining(["openapi", "visitor-counter"]));
    expect(names("false")).toEqual(names("true").filter((name) => name !== "openapi"));
  });

  it("has the prefix that host.json sets", () => {
    const hostJson = JSON.parse(readFileSync(join(import.meta.dirname, "../host.json"), "utf8"));
    expect(`/${hostJson.extensions.http.routePrefix}`).toBe(ROUTE_PREFIX);
  });

  it("has no constraints but guid and a length below that of a GUID, as the next test assumes", () => {
    const constraints = own.flatMap(({ path }) => [...path.matchAll(/\{\w+(:[^}]*)?\}/g)].map(([, kind = ""]) => kind));
    expect(constraints.filter((kind) => !/^$|^:guid$|^:minlength\(\d\)$/.test(kind))).toEqual([]);
  });

  it("lets requests cost several units only where a limit counts in memory, which can take units back", () => {
    const costly = routes.filter(({ operation }) => operation.units !== undefined);
    expect(costly.map(({ name, limit }) => [name, limit])).toEqual([["sas-issue", "default"]]);
  });

  it("has no two routes of a method that match one path, since the host takes the first by name", () => {
    // Where one of two templates has a literal, only that literal can match both. Where neither has, a GUID matches both
    // if anything does. So if any path matches both, this one does.
    const shared = (one: string, other: string) => {
      const segments = other.split("/");
      return one.split("/").map((segment, index) => {
        const literal = [segment, segments[index] ?? segment].find((part) => !part.startsWith("{"));
        return literal ?? GUID;
      });
    };
    const matches = (template: string, path: string) => compileRoute(template.slice(1))(path);
    const clashes = own.flatMap((one, index) =>
      own.slice(index + 1).flatMap((other) => {
        const path = shared(one.path, other.path).join("/");
        const both = matches(one.path, path) && matches(other.path, path);
        return both
          ? one.methods.filter((method) => other.methods.includes(method)).map(() => [one.name, other.name])
          : [];
      }),
    );
    expect(clashes).toEqual([]);
  });

  it.each(each(routes))(
    "%s has the access that its limit class needs: accounts only with secret, a caller for uploads and keys",
    (_, route) => {
      const { access, limit, operation } = route;
      if (limit !== "secret") expect(operation.account).toBeUndefined();
      if (limit === "uploads" || limit === "keys") expect(access).not.toBe("public");
      if (limit === "visits") expect(access).toBe("public");
    },
  );

  it.each(each(routes))("%s has the error shape of OAuth only if its path names it", (_, { operation, path }) => {
    expect(operation.errorShape).toBe(oauthPaths.some((oauthPath) => oauthPath === path) ? "oauth" : undefined);
  });

  it.each(each(routes))("%s takes HEAD if it takes GET, and lists each method once", (_, { methods }) => {
    expect(methods.includes("HEAD")).toBe(methods.includes("GET"));
    expect(new Set(methods).size).toBe(methods.length);
  });

  it("has the fallback last, also in the host's order", () => {
    expect(host.routes.at(-1)?.name).toBe("zz-fallback");
    expect(host.routes.filter(({ route }) => route.startsWith("api/{*"))).toHaveLength(1);
  });

  const segment = fc.oneof(
    fc.constantFrom(...new Set(own.flatMap(({ path }) => path.split("/").slice(1)))),
    fc.constantFrom(GUID, "console", "resume", "Health", "%20", "a.b", "é"),
  );
  const path = fc
    .tuple(fc.array(segment, { maxLength: 5 }), fc.constantFrom("", "/"))
    .map(([parts, end]) => new URL(`http://x/${parts.join("/")}${end}`).pathname);

  it("reports for any path exactly the methods that the host routes", () => {
    const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
    fc.assert(
      fc.property(path, (pathname) => {
        const taken = methods.filter((method) => {
          const found = host.find(method, decodeURIComponent(ROUTE_PREFIX + pathname));
          return found && found.name !== "zz-fallback";
        });
        expect([...api.methodsAt(pathname)].sort()).toEqual(taken.sort());
      }),
      { numRuns: 1_000 },
    );
  });
});

describe.each(each(own))("the example of %s", (_, { operation, path }) => {
  it("passes the schemas of path, query and body", () => {
    const { params, query, body, form, example } = operation;
    for (const [schema, value] of [
      [params, example.params],
      [query, example.query ?? {}],
      [body ?? form, example.body],
    ] as const)
      if (schema) expect(schema.safeParse(value).error).toBeUndefined();
    expect(path.match(/\{/g)?.length ?? 0).toBe(Object.keys(params?.shape ?? {}).length);
  });

  it("fails with an unknown field, so that misspelled fields are reported", () => {
    const { query, body, form, example } = operation;
    for (const [schema, value] of [
      [query, example.query ?? {}],
      [body ?? form, example.body],
    ] as const)
      if (schema)
        expect(schema.safeParse({ ...Object(value), unheardOf: "1" }).error?.issues).toMatchObject([
          { code: "unrecognized_keys", keys: ["unheardOf"] },
        ]);
  });

  it("passes the schema of the response, and exists for every response with a schema", () => {
    const [schema] = Object.entries(operation.responses).flatMap(([status, doc]) =>
      status.startsWith("2") && doc.schema ? [doc.schema] : [],
    );
    const response = operation.example.response ?? (path === "/openapi.json" ? api.document() : undefined);
    expect(schema?.safeParse(response).error).toBeUndefined();
    expect(response === undefined).toBe(schema === undefined);
  });
});

it.each([
  ["/v1/images/123", "in /v1/images/{id} the id must be a GUID"],
  ["/v1/visits/blog/post-1", "in /v1/visits/{page} the page must be one segment, without a slash"],
  ["/v1/visits/resume", undefined],
  ["/v1/nothing", undefined],
  ["/v1/images", undefined],
])("the rule of the path %s is: %s", (path, rule) => {
  expect(api.methodsAt(path).length > 0 ? undefined : api.ruleAt(path)).toBe(rule);
});
