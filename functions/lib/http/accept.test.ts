import { expect, it } from "vitest";
import { preferredType } from "./accept.ts";

const CSV = "text/csv; charset=utf-8";

it.each([
  [undefined, "application/json"],
  ["*/*", "application/json"],
  ["text/csv", CSV],
  ["Text/CSV;charset=utf-8", CSV],
  ["text/csv; charset=utf-8", CSV],
  ["text/*", CSV],
  ["text/csv;q=0.5, application/json;q=0.4", CSV],
  ["text/csv;q=0.4, application/json;q=0.5", "application/json"],
  ["text/csv;q=0", "application/json"],
  ["text/html,application/xhtml+xml,*/*;q=0.8", "application/json"],
  ["image/png", "application/json"],
  [";;,q=x", "application/json"],
])("Accept: %s prefers %s", (accept, expected) => {
  const headers = new Headers(accept === undefined ? {} : { accept });
  expect(preferredType(headers, ["application/json", CSV])).toBe(expected);
});
