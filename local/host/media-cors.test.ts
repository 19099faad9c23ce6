// The media account's CORS rule, against what the storage service documents.
import { expect, test } from "vitest";
import { mediaCors } from "./media-cors.ts";

const one = mediaCors(["https://me.example/"]);
const origin = "https://me.example";

test("a preflight of an upload from an allowed origin is granted what it asks", () => {
  const headers = "x-ms-blob-type, Content-Type, X-Ms-Meta-Title";
  expect(one.preflight({ origin, method: "PUT", headers })).toEqual({
    status: 200,
    headers: [
      ["Access-Control-Allow-Origin", origin],
      ["Access-Control-Allow-Methods", "PUT"],
      ["Access-Control-Allow-Headers", headers],
      ["Access-Control-Max-Age", "3600"],
      ["Access-Control-Allow-Credentials", "true"],
    ],
  });
});

test.each([
  ["another origin", { origin: "https://you.example", method: "GET" }, 403],
  ["another method", { origin, method: "DELETE" }, 403],
  ["another header", { origin, method: "GET", headers: "authorization" }, 403],
  ["no origin", { origin: undefined, method: "GET" }, 400],
  ["no method", { origin, method: undefined }, 400],
])("a preflight with %s is refused", (_, asked, status) => {
  expect(one.preflight(asked)).toEqual({ status, headers: [] });
});

test("an answer to an allowed origin exposes the ETag and the request's id, and varies by origin", () => {
  expect(Object.fromEntries(one.headers({ origin, method: "GET" }))).toEqual({
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Expose-Headers": "ETag,x-ms-request-id",
    "Access-Control-Allow-Credentials": "true",
    Vary: "Origin",
  });
  expect(one.headers({ origin: "https://you.example", method: "GET" })).toEqual([["Vary", "Origin"]]);
});

test("any origin is answered with a star, and none without a rule", () => {
  expect(mediaCors(["*"]).headers({ origin, method: "GET" })[0]).toEqual(["Access-Control-Allow-Origin", "*"]);
  expect(mediaCors([]).headers({ origin, method: "GET" })).toEqual([]);
  expect(mediaCors([]).preflight({ origin, method: "GET" }).status).toBe(403);
});
