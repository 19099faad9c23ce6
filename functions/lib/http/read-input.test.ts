// Path, query and body: how queries are read, and how all three are validated together.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readQuery, validate } from "./read-input.ts";

describe("readQuery", () => {
  const read = (query: string) => readQuery(`http://localhost/api/x${query}`);

  it("returns the decoded parameters by name", () => {
    expect(read("?a=1&b=x%20y+z&c=%C3%A9é&d=&e&=f")).toEqual({
      values: { a: "1", b: "x y z", c: "éé", d: "", e: "", "": "f" },
      issues: [],
    });
    for (const empty of ["", "?", "?&", "?&&"]) expect(read(empty)).toEqual({ values: {}, issues: [] });
  });

  it("reverses encodeURIComponent", () => {
    const text = fc.string({ unit: "grapheme" }).filter((given) => !given.includes("\0"));
    fc.assert(
      fc.property(fc.dictionary(text, text), (values) => {
        const query = Object.entries(values).map((pair) => pair.map(encodeURIComponent).join("="));
        expect(read(`?${query.join("&")}`)).toEqual({ values, issues: [] });
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
  ])("reports an issue for each wrong parameter of %s", (query, places) => {
    expect(read(query).issues.map(({ path }) => path)).toEqual(places);
  });

  it("repeats an unreadable parameter, but not if its name is that of a secret", () => {
    expect(read("?a=%zz").issues[0]?.message).toContain('received "a=%zz"');
    expect(JSON.stringify(read("?access_token=hunter2%zz"))).toContain("a value that is not shown");
  });

  it("reads parameters named like members of Object", () => {
    expect(Object.entries(read("?__proto__=x&constructor=y").values)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });
});

describe("validate", () => {
  const operation = {
    params: z.object({ id: z.guid() }),
    query: z.strictObject({ limit: z.coerce.number().int().max(9).default(5) }),
    body: z.strictObject({ name: z.string().trim() }),
    example: { params: { id: "0198c0de-0000-7000-8000-00000000abcd" }, query: { limit: 3 }, body: { name: "Ada" } },
  };
  const url = "http://localhost/api/things";
  const valid = { path: operation.example.params, url: `${url}?limit=3`, body: { name: " Ada " } };

  it("returns the parsed path, query and body", () => {
    expect(validate(operation, valid)).toEqual({ params: valid.path, query: { limit: 3 }, body: { name: "Ada" } });
  });

  it("reports the issues of path, query and body at once, each with a valid example", () => {
    const input = { path: { id: "7" }, url: `${url}?limit=12&limit=13&page=2`, body: { name: 7, nmae: "Ada" } };
    expect(() => validate(operation, input)).toThrow(
      expect.objectContaining({
        code: "VALIDATION_FAILED",
        details: [
          {
            path: "path.id",
            message: 'must be a valid guid, received "7": send for example 0198c0de-0000-7000-8000-00000000abcd.',
          },
          { path: "query.limit", message: "must be given once, received it 2 times: send one." },
          { path: "query.limit", message: 'must be at most 9, received "13": send for example 3.' },
          { path: "query.page", message: "is unknown: leave it out; known here: limit." },
          { path: "body.name", message: 'must be of type string, received 7: send for example "Ada".' },
          { path: "body.nmae", message: "is unknown: leave it out; known here: name." },
        ],
      }),
    );
  });

  it("ignores the parts that an operation does not declare", () => {
    const input = { path: { more: "x" }, url: `${url}?t=1&t=2&%zz`, body: { a: 1 } };
    expect(validate({ example: {} }, input)).toEqual({ params: {}, query: {}, body: undefined });
  });

  it("accepts additional path parameters, since the host adds those of the query", () => {
    expect(validate(operation, { ...valid, path: { ...valid.path, limit: "3" } }).params).toEqual(valid.path);
  });
});
