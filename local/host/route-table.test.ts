// The order in which functions are tried, and that nothing else decides.
import fc from "fast-check";
import { expect, test } from "vitest";
import { routeTable } from "./route-table.ts";

test("routes stand in order of the functions' names, whatever order and case they were registered in", () => {
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

test("the first route that fits wins, not the most specific one", () => {
  const functions = [
    { name: "image-usage", route: "images/usage" },
    { name: "image-read", route: "images/{id}" },
  ];
  expect(routeTable(functions, "api").find("GET", "/api/images/usage")).toEqual({
    name: "image-read",
    params: { id: "usage" },
  });
});

test("a method that does not fit leaves the path to a later route, or to none", () => {
  const functions = [
    { name: "a", route: "x", methods: ["get"] },
    { name: "b", route: "x", methods: ["POST"] },
  ];
  const { find } = routeTable(functions, "api");
  expect(find("POST", "/api/x")?.name).toBe("b");
  expect(find("HEAD", "/api/x")).toBeUndefined();
});

test("a function without a route answers at its name, one without methods answers all", () => {
  const { find, routes } = routeTable([{ name: "Hello" }, { name: "root", route: "" }], "");
  expect(find("PROPFIND", "/hello")?.name).toBe("Hello");
  expect(routes).toEqual([
    { name: "Hello", methods: [], route: "Hello" },
    { name: "root", methods: [], route: "root" },
  ]);
});

test("a wrong template names its function", () => {
  expect(() => routeTable([{ name: "broken", route: "{a" }], "api")).toThrow(
    /^Function broken: The route template "api\/\{a"/,
  );
});

test("the order of registration never changes which function answers", () => {
  const route = fc.constantFrom("a", "{x}", "{x:int}", "a/{*rest}", "{*rest}", "1");
  const functions = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-zA-Z][a-z_-]{0,3}$/), route }), {
    selector: ({ name }) => name.toUpperCase(),
    maxLength: 8,
  });
  const path = fc.constantFrom("/a", "/1", "/a/b", "/", "/b");
  const shuffled = functions.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(
    fc.property(shuffled, path, ([one, other], asked) => {
      expect(routeTable(one, "").find("GET", asked)).toEqual(routeTable(other, "").find("GET", asked));
    }),
  );
});
