// Templates against paths, by example and by law.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchTemplate, parseTemplate } from "./route-template.ts";

const match = (template: string, path: string) => matchTemplate(parseTemplate(template), path);

describe("a route template", () => {
  test.each<[string, string, Record<string, string> | undefined]>([
    ["api/health", "/api/health", {}],
    ["api/health", "/API/Health/", {}],
    ["api/health", "/api/health/live", undefined],
    ["api/health", "/api", undefined],
    ["api/health", "/api//health", undefined],
    ["visits/{page}", "/visits/résumé", { page: "résumé" }],
    ["visits/{page}", "/visits/", undefined],
    ["visits/{page}", "/visits/a%2Fb", { page: "a%2Fb" }],
    ["visits/{page?}", "/visits", {}],
    ["visits/{page?}", "/visits/resume", { page: "resume" }],
    ["visits/{page=resume}", "/visits", { page: "resume" }],
    ["visits/{page=resume}", "/visits/about", { page: "about" }],
    ["images/{id:guid}", "/images/usage", undefined],
    [
      "images/{id:guid}/reprocess",
      "/images/0b5ffa4c-7c39-4c0f-9d9c-2f8a7a1d5e10/reprocess",
      { id: "0b5ffa4c-7c39-4c0f-9d9c-2f8a7a1d5e10" },
    ],
    ["images/{id:int:min(1)?}", "/images", {}],
    ["images/{id:int:min(1)?}", "/images/0", undefined],
    ["{*path}", "/", {}],
    ["{*path}", "/a/b/", { path: "a/b/" }],
    ["files/{*path}", "/files", {}],
    ["files/{*path=index}", "/files", { path: "index" }],
    ["files/{**path}", "/files/a//b", { path: "a//b" }],
    ["files/{*path:maxlength(3)}", "/files/a/b", { path: "a/b" }],
    ["files/{*path:maxlength(3)}", "/files/a/bc", undefined],
    ["{name}.{ext}", "/a.b.svg", { name: "a.b", ext: "svg" }],
    ["v{version:int}/x", "/V2/x", { version: "2" }],
    ["{code:regex(^\\d{{2}}(a|b)$)}", "/12b", { code: "12b" }],
    ["{code:regex(^(?:a)?c:d$)}", "/c:d", { code: "c:d" }],
    ["a{{b}}", "/a{b}", {}],
    ["", "/", {}],
  ])("%s matches %s as %o", (template, path, values) => {
    expect(match(template, path)).toEqual(values);
  });

  test.each([
    ["images/{id:uuid}", /images\/\{id:uuid\}.* constraint "uuid" is unknown/],
    ["{*path}/more", /catch-all parameter is the last/],
    ["a{b?}", /stands alone between slashes/],
    ["images/{id", /do not pair/],
    ["images/{}", /is no parameter/],
  ])("%s is refused with its rule", (template, rule) => {
    expect(() => parseTemplate(template)).toThrow(rule);
  });

  const piece = fc.stringMatching(/^[a-z0-9~_-]{1,8}$/);
  const pieces = fc.array(fc.tuple(fc.boolean(), piece), { minLength: 1, maxLength: 6 });

  test("gives back exactly the values that a path was built from", () => {
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

  test("never throws over a path", () => {
    const parsed = ["a/{b}/{*c}", "{a}.{b}", "{a:guid}", "{a=1}/{b?}"].map(parseTemplate);
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const template of parsed) matchTemplate(template, `/${text}`);
      }),
    );
  });
});
