// Paths below /media that name a blob, and those that would lead elsewhere.
import { expect, test } from "vitest";
import { isMedia, mediaTarget } from "./media-path.ts";

test.each([
  ["/media/images/a/b/c.jpg?sig=x%2By&se=1", "/images/a/b/c.jpg?sig=x%2By&se=1"],
  ["/media/images/a%20b/%C3%BC.jpg", "/images/a%20b/%C3%BC.jpg"],
  ["/media/images/100%25.jpg?sig=1", "/images/100%25.jpg?sig=1"],
  ["/media/thumbnails/a..b/...jpg", "/thumbnails/a..b/...jpg"],
])("%s leads to %s", (url, target) => {
  expect(mediaTarget(url)).toBe(target);
});

test.each([
  ["a dot segment", "/media/images/../secrets/key"],
  ["an encoded one", "/media/images/%2e%2e/secrets/key"],
  ["an encoded slash before one", "/media/images/a%2F..%2F..%2Fsecrets"],
  ["one encoded twice", "/media/images/%252e%252e/secrets"],
  ["a backslash", "/media/images/a%5C..%5Cb"],
  ["a dot segment for a container", "/media/../images/a"],
  ["a container alone", "/media/images?restype=container&comp=list"],
  ["a container and a slash", "/media/images/?comp=list"],
  ["the account", "/media/?comp=list"],
  ["a container that cannot be", "/media/$logs/a"],
  ["a NUL", "/media/images/a%00b"],
  ["a broken escape", "/media/images/%zz"],
])("%s leads nowhere", (_, url) => {
  expect(mediaTarget(url)).toBeUndefined();
});

test("only what begins with /media/ is meant", () => {
  expect(["/media/a/b", "/media", "/mediated/a", "/api/media/a"].map(isMedia)).toEqual([true, false, false, false]);
});
