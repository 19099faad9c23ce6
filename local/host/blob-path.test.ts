// Path patterns of blob triggers: what their names capture. The cases with several names are those of the host's own tests.
// azure-webjobs-sdk, BindingTemplateSourceTests.cs
import { expect, test } from "vitest";
import { blobPath } from "./blob-path.ts";

test.each([
  ["images/{name}", "images/a/b/c.jpg", { name: "a/b/c.jpg" }],
  ["images/{owner}/{id}/{file}", "images/ada/7/c.jpg", { owner: "ada", id: "7", file: "c.jpg" }],
  ["images/{owner}/{id}/{file}", "images/ada/7/more/c.jpg", { owner: "ada/7", id: "more", file: "c.jpg" }],
  ["input/{name}.{extension}", "input/foo.bar.txt", { name: "foo.bar", extension: "txt" }],
  ["input/{name}.-/{extension}", "input/foo.-/bar.txt", { name: "foo", extension: "bar.txt" }],
  ["input/{{{year}}}", "input/{2026}", { year: "2026" }],
  ["input/{name}.-/x", "input/foo.bar.-/txt", {}],
  ["images/{owner}/{file}", "images/alone", {}],
  ["images", "images/anything", {}],
])("%s captures of %s: %j", (pattern, path, captured) => {
  expect(blobPath(pattern).capture(path)).toEqual(captured);
});

test.each(["/a", "images/", "a\\b/c"])("%s is refused for its format", (pattern) => {
  expect(() => blobPath(pattern)).toThrow(`path "${pattern}" must have the format container/blob`);
});

test("a name for the container, a single brace and braces around no name are refused", () => {
  expect(() => blobPath("{container}/a")).toThrow("must not have a name in braces for its container");
  expect(() => blobPath("images/{name")).toThrow('path "images/{name" has a single {');
  expect(() => blobPath("images/{a-b}")).toThrow("has braces around no name: {a-b}");
  expect(() => blobPath("images/{}")).toThrow("has braces around no name: {}");
});
