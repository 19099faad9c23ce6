// Laws over the route table and the examples of its operations.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { routeTable } from "../local/host/route-table.ts";
import { matchTemplate, parseTemplate } from "../local/host/route-template.ts";
import type { Deps } from "./deps.ts";
import type { Route } from "./lib/http/operation.ts";
import { describeApi } from "./lib/http/route-table.ts";
import { SECRET } from "./lib/http/shown-fields.ts";
import { functionNames, ROUTE_PREFIX } from "./lib/names.ts";
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

  it("is whole where the settings turn nothing off, and lacks the document where they turn that off", () => {
    const names = (OPENAPI_ENABLED: string) =>
      routesOf(readSettings({ ...process.env, OPENAPI_ENABLED })).map(({ name }) => name);
    expect(names("true")).toEqual(expect.arrayContaining(["openapi", "visitor-counter"]));
    expect(names("false")).toEqual(names("true").filter((name) => name !== "openapi"));
  });

  it("stands below the prefix that host.json sets", () => {
    const hostJson = JSON.parse(readFileSync(join(import.meta.dirname, "../host.json"), "utf8"));
    expect(`/${hostJson.extensions.http.routePrefix}`).toBe(ROUTE_PREFIX);
  });

  it("constrains parameters by nothing but guid, on which the next proof stands", () => {
    const constraints = own.flatMap(({ path }) => [...path.matchAll(/\{\w+(:[^}]*)?\}/g)].map(([, kind = ""]) => kind));
    expect(constraints.filter((kind) => kind !== "" && kind !== ":guid")).toEqual([]);
  });

  it("has no two routes of a method that match one path, since the host takes the first by name", () => {
    // Where one of two templates has a literal, only that literal can match both; where neither has, a GUID matches
    // both if anything does. So if any path matches both, this one does.
    const shared = (one: string, other: string) => {
      const segments = other.split("/");
      return one.split("/").map((segment, index) => {
        const literal = [segment, segments[index] ?? segment].find((part) => !part.startsWith("{"));
        return literal ?? GUID;
      });
    };
    const matches = (template: string, path: string) => matchTemplate(parseTemplate(template.slice(1)), path);
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
    "%s counts whom its limit can know: secrets an account, uploads and keys a caller",
    (_, route) => {
      const { access, limit, operation } = route;
      if (limit === "secret") expect([access, typeof operation.account]).toEqual(["public", "function"]);
      else expect(operation.account).toBeUndefined();
      if (limit === "uploads" || limit === "keys") expect(access).not.toBe("public");
      if (limit === "visits") expect(access).toBe("public");
    },
  );

  it.each(each(routes))("%s answers HEAD if it answers GET, and names each method once", (_, { methods }) => {
    expect(methods.includes("HEAD")).toBe(methods.includes("GET"));
    expect(new Set(methods).size).toBe(methods.length);
  });

  it("ends with the fallback, in the host's order too", () => {
    expect(host.routes.at(-1)?.name).toBe("zz-fallback");
    expect(host.routes.filter(({ route }) => route.includes("{*"))).toHaveLength(1);
  });

  const segment = fc.oneof(
    fc.constantFrom(...new Set(own.flatMap(({ path }) => path.split("/").slice(1)))),
    fc.constantFrom(GUID, "resume", "Health", "%20", "a.b", "é"),
  );
  const path = fc
    .tuple(fc.array(segment, { maxLength: 5 }), fc.constantFrom("", "/"))
    .map(([parts, end]) => new URL(`http://x/${parts.join("/")}${end}`).pathname);

  it("allows at any path exactly the methods that the host would hand to a route there", () => {
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
  it("passes the schemas of what is sent", () => {
    const { params, query, body, example } = operation;
    for (const [schema, value] of [
      [params, example.params],
      [query, example.query ?? {}],
      [body, example.body],
    ] as const)
      if (schema) expect(schema.safeParse(value).error).toBeUndefined();
    expect(path.match(/\{/g)?.length ?? 0).toBe(Object.keys(params?.shape ?? {}).length);
  });

  it("does not pass with a field more: what is sent in vain is a mistake to be told of", () => {
    const { query, body, example } = operation;
    for (const [schema, value] of [
      [query, example.query ?? {}],
      [body, example.body],
    ] as const)
      if (schema)
        expect(schema.safeParse({ ...Object(value), unheardOf: "1" }).error?.issues).toMatchObject([
          { code: "unrecognized_keys", keys: ["unheardOf"] },
        ]);
  });

  it("is of schemas that mark as secret every field whose name says so, since an error shows what was sent", () => {
    for (const schema of [operation.query, operation.body])
      if (schema)
        JSON.stringify(z.toJSONSchema(schema, { io: "input" }), (_, node) => {
          for (const [name, field] of Object.entries(node?.properties ?? {}))
            if (/passw|secret|token|credential/i.test(name)) expect(field).toMatchObject({ format: SECRET });
          return node;
        });
  });

  it("passes the schema of the answer, and there is one for every answer with a fixed shape", () => {
    const [schema] = Object.entries(operation.responses).flatMap(([status, doc]) =>
      status.startsWith("2") && doc.schema ? [doc.schema] : [],
    );
    const answer = operation.example.response ?? (path === "/openapi.json" ? api.document() : undefined);
    expect(schema?.safeParse(answer).error).toBeUndefined();
    expect(answer === undefined).toBe(schema === undefined);
  });
});
