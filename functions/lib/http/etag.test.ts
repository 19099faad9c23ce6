import { expect, it } from "vitest";
import { etagOfBody, matchesIfNoneMatch } from "./etag.ts";

const etag = etagOfBody("one");

it.each([
  [etag, true],
  [`W/${etag}`, true],
  [`"other" , ${etag}`, true],
  ["*", true],
  ['"other"', false],
  [etag.slice(0, -1), false],
  ["", false],
])("If-None-Match: %s matches: %s", (received, expected) => {
  expect(matchesIfNoneMatch(new Headers({ "if-none-match": received }), etag)).toBe(expected);
});

it("matches nothing without the header, and differs with the body", () => {
  expect(matchesIfNoneMatch(new Headers(), etag)).toBe(false);
  expect(etagOfBody("two")).not.toBe(etag);
  expect(etag).toMatch(/^"[\w-]{22}"$/);
});
