// Route templates against paths, and the order in which functions are tried.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRoute, routeTable } from "./route-table.ts";

const match = (template: string, path: string) => compileRoute(template)(path);
const ID = "0b5ffa4c-7c39-4c0f-9d9c-2f8a7a1d5e10";

describe("a route template", () => {
  it.each<[string, string, Record<string, string> | undefined]>([
    ["api/health", "/api/health", {}],
    ["api/health", "/API/Health/", {}],
    ["api/health", "/api/health/live", undefined],
    ["api/health", "/api", undefined],
    ["api/health", "/api//health", undefined],
    ["badge.svg", "/badge.svg", {}],
    ["badge.svg", "/badge-svg", undefined],
    ["visits/{page}", "/visits/résumé", { page: "résumé" }],
    ["visits/{page}", "/visits/", undefined],
    ["visits/{page}", "/visits/a%2Fb", { page: "a%2Fb" }],
    ["images/{id:guid}", "/images/usage", undefined],
    ["images/{id:guid}", `/images/${ID}0`, undefined],
    ["images/{id:guid}", `/images/{${ID})`, undefined],
    ["images/{id:guid}", `/images/{${ID}}`, { id: `{${ID}}` }],
    ["images/{id:guid}", `/images/${ID.replaceAll("-", "")}`, { id: ID.replaceAll("-", "") }],
    ["images/{id:guid}/reprocess", `/images/${ID.toUpperCase()}/reprocess`, { id: ID.toUpperCase() }],
    ["{*path}", "/", {}],
    ["{*path}", "/a/b/", { path: "a/b/" }],
    ["files/{*path}", "/files", {}],
    ["files/{*path}", "/files/a//b", { path: "a//b" }],
    ["files/{*path}", "/files//b", undefined],
    ["", "/", {}],
  ])("%s matches %s as %o", (template, path, values) => {
    expect(match(template, path)).toEqual(values);
  });

  it.each(["{id:int}", "{id?}", "{id=1}", "{name}.{ext}", "{id", "{}", "{*path}/more"])(
    "rejects %s with the forms that the local host supports",
    (segment) => {
      expect(() => compileRoute(`images/${segment}`)).toThrow(
        /^The route template "images\/.*" contains ".*\}?"\. The local host supports text, \{name\}, /,
      );
    },
  );

  const piece = fc.stringMatching(/^[a-z0-9~_-]{1,8}$/);
  const pieces = fc.array(fc.tuple(fc.boolean(), piece), { minLength: 1, maxLength: 6 });

  it("returns exactly the values from which a path was built", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const template = parts.map(([isParameter, text], index) => (isParameter ? `{p${index}}` : text)).join("/");
        const path = `/${parts.map(([, text]) => text).join("/")}`;
        const values = parts.flatMap(([isParameter, text], index) => (isParameter ? [[`p${index}`, text]] : []));
        expect(match(template, path)).toEqual(Object.fromEntries(values));
        expect(match(template, `${path}/more`)).toBeUndefined();
      }),
    );
  });
});

describe("the route table", () => {
  it("lists routes in the order of the functions' names, independent of registration order and case", () => {
    const names = ["token-revoke", "Token", "image_list", "image-list", "ImageA", "zz-fallback"];
    const table = routeTable(
      names.map((name) => ({ name })),
      "api",
    );
    expect(table.routes.map(({ name }) => name)).toEqual([
      "image-list",
      "ImageA",
      "image_list",
      "Token",
      "token-revoke",
      "zz-fallback",
    ]);
  });

  it("finds the first route that matches, not the most specific one", () => {
    const functions = [
      { name: "image-usage", route: "images/usage" },
      { name: "image-read", route: "images/{id}" },
    ];
    expect(routeTable(functions, "api").find("GET", "/api/images/usage")).toEqual({
      name: "image-read",
      params: { id: "usage" },
    });
  });

  it("skips a route whose methods do not include the request's", () => {
    const functions = [
      { name: "a", route: "x", methods: ["get"] },
      { name: "b", route: "x", methods: ["POST"] },
    ];
    const { find } = routeTable(functions, "api");
    expect(find("POST", "/api/x")?.name).toBe("b");
    expect(find("HEAD", "/api/x")).toBeUndefined();
  });

  it("uses the name of a function without a route, and all methods for one without methods", () => {
    const { find, routes } = routeTable([{ name: "Hello" }, { name: "root", route: "" }], "");
    expect(find("PROPFIND", "/hello")?.name).toBe("Hello");
    expect(routes).toEqual([
      { name: "Hello", methods: [], route: "Hello" },
      { name: "root", methods: [], route: "root" },
    ]);
  });

  it("names the function of a template that is not supported", () => {
    expect(() => routeTable([{ name: "broken", route: "{a" }], "api")).toThrow(
      /^Function broken: The route template "api\/\{a"/,
    );
  });
});
