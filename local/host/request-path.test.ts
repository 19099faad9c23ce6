// Request targets as a web server parses them: decoded once, without dot segments, and encoded again for the app.
import fc from "fast-check";
import { expect, test } from "vitest";
import { requestPath } from "./request-path.ts";

test.each([
  ["/api/a%20b?x=1", "/api/a b", "/api/a%20b?x=1", "x=1"],
  ["/api/a%2Fb", "/api/a%2Fb", "/api/a%252Fb", ""],
  ["/api/a%23b#c?x=1#&y", "/api/a#b#c", "/api/a%23b%23c?x=1%23&y", "x=1#&y"],
  ["/api/!$&'()*+,-.:;=@_~%22%5c", "/api/!$&'()*+,-.:;=@_~\"\\", "/api/!$&'()*+,-.:;=@_~%22%5C", ""],
  ["/api/r%C3%A9sum%C3%A9", "/api/résumé", "/api/r%C3%A9sum%C3%A9", ""],
  ["/api/%ff%20", "/api/%ff%20", "/api/%25ff%2520", ""],
  ["/api/../secret/./x", "/secret/x", "/secret/x", ""],
  ["/%2e%2e/%2e%2e/etc", "/etc", "/etc", ""],
  ["http://example.com/api?y", "/api", "/api?y", "y"],
  ["http://example.com", "/", "/", ""],
])("parses %s as the path %s", (url, path, target, query) => {
  expect(requestPath(url)).toEqual({ path, target, query });
});

test.each(["/a%00b", "*", "relative", "/r\u00e9sum\u00e9"])("rejects the request target %s", (url) => {
  expect(requestPath(url)).toBeUndefined();
});

test("removes dot segments in every spelling", () => {
  const piece = fc.constantFrom(".", "..", "%2e", "%2E%2e", ".%2e", "a", "", "%2f..", "...");
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const path = requestPath(`/${pieces.join("/")}`)?.path ?? "";
      expect(path.startsWith("/") && !path.split("/").some((part) => part === "." || part === "..")).toBe(true);
    }),
  );
});
