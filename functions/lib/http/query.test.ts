// Query parameters of an operation that declares some: how they may be written.
import fc from "fast-check";
import { expect, it } from "vitest";
import { readQuery } from "./query.ts";

const read = (query: string) => readQuery(`http://localhost/api/x${query}`);
const places = (query: string) => read(query).faults.map(({ path }) => path);

it("a query is its parameters by name, decoded", () => {
  expect(read("?a=1&b=x%20y+z&c=%C3%A9é&d=&e&=f")).toEqual({
    values: { a: "1", b: "x y z", c: "éé", d: "", e: "", "": "f" },
    faults: [],
  });
  for (const empty of ["", "?", "?&", "?&&"]) expect(read(empty)).toEqual({ values: {}, faults: [] });
});

it("what encodeURIComponent wrote comes out as it was", () => {
  const text = fc.string({ unit: "grapheme" }).filter((given) => !given.includes("\0"));
  fc.assert(
    fc.property(fc.dictionary(text, text), (values) => {
      const query = Object.entries(values).map((pair) => pair.map(encodeURIComponent).join("="));
      expect(read(`?${query.join("&")}`)).toEqual({ values, faults: [] });
    }),
  );
});

it.each([
  ["?a=1&a=1", ["query.a"]],
  ["?a=1&%61=2&a&b=1", ["query.a"]],
  ["?a&b&a&b", ["query.a", "query.b"]],
  ["?a=%C0%AF", ["query.a"]],
  ["?a=%zz&b=%", ["query.a", "query.b"]],
  ["?a=%u0041", ["query.a"]],
  ["?a=x%00y", ["query.a"]],
  ["?%ff=1", ["query.%ff"]],
  ["?a=%ED%A0%80", ["query.a"]],
])("%s is refused by name", (query, expected) => {
  expect(places(query)).toEqual(expected);
});

it("a parameter called __proto__ is one like any other", () => {
  const { values } = read("?__proto__=x&constructor=y");
  expect(Object.entries(values)).toEqual([
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});
