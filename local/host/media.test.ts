// Paths below /media that name a blob, and those that must not reach the store.
import { expect, test } from "vitest";
import { mediaTarget } from "./media.ts";

test.each([
  ["/media/images/a/b/c.jpg?sig=x%2By&se=1", "/images/a/b/c.jpg?sig=x%2By&se=1"],
  ["/media/images/a%20b/%C3%BC.jpg", "/images/a%20b/%C3%BC.jpg"],
  ["/media/images/100%25.jpg?sig=1", "/images/100%25.jpg?sig=1"],
  ["/media/thumbnails/a..b/...jpg", "/thumbnails/a..b/...jpg"],
])("maps %s to %s", (url, target) => {
  expect(mediaTarget(url)).toBe(target);
});

test.each([
  ["a dot segment", "/media/images/../secrets/key"],
  ["an encoded dot segment", "/media/images/%2e%2e/secrets/key"],
  ["an encoded slash before a dot segment", "/media/images/a%2F..%2F..%2Fsecrets"],
  ["a dot segment encoded twice", "/media/images/%252e%252e/secrets"],
  ["a backslash", "/media/images/a%5C..%5Cb"],
  ["a dot segment as container", "/media/../images/a"],
  ["a container without a blob", "/media/images?restype=container&comp=list"],
  ["a container with a slash", "/media/images/?comp=list"],
  ["the account", "/media/?comp=list"],
  ["an invalid container name", "/media/$logs/a"],
  ["a NUL", "/media/images/a%00b"],
  ["a broken escape", "/media/images/%zz"],
])("rejects %s", (_, url) => {
  expect(mediaTarget(url)).toBeUndefined();
});
