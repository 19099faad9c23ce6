// Path patterns of blob triggers. The cases with several names are those of the host's own tests.
// azure-webjobs-sdk, BindingTemplateSourceTests.cs
import { expect, test } from "vitest";
import { blobPath } from "./blob-path.ts";

test.each([
  ["images/{name}", "images/a/b/c.jpg", { name: "a/b/c.jpg" }],
  ["images/{owner}/{id}/{file}", "images/ada/7/c.jpg", { owner: "ada", id: "7", file: "c.jpg" }],
  ["images/{owner}/{id}/{file}", "images/ada/7/more/c.jpg", { owner: "ada/7", id: "more", file: "c.jpg" }],
  ["input/{name}.{extension}", "input/foo.bar.txt", { name: "foo.bar", extension: "txt" }],
  ["input/{name}.-/{extension}", "input/foo.-/bar.txt", { name: "foo", extension: "bar.txt" }],
  ["input/{name}.-/x", "input/foo.bar.-/txt", {}],
  ["images/{owner}/{file}", "images/file-only", {}],
  ["images", "images/anything", {}],
])("the pattern %s captures from %s the values %j", (pattern, path, captured) => {
  expect(blobPath(pattern).capture(path)).toEqual(captured);
});

test.each(["/a", "images/", "a\\b/c", "{container}/a"])("rejects the pattern %s for its format", (pattern) => {
  expect(() => blobPath(pattern)).toThrow(`path "${pattern}" must have the format container/blob`);
});

test.each(["images/{name", "images/{a-b}", "images/{}", "images/{{a}}"])("rejects the braces of %s", (pattern) => {
  expect(() => blobPath(pattern)).toThrow(`path "${pattern}" must have braces only around names`);
});
