// The headers of every response, whatever its status.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { type Call, invoke } from "./invoke.fixture.ts";
import { type OperationResponse, operation } from "./operation.ts";
import { routesFor } from "./route.ts";

const deps = { authenticate: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };

function respondWith(handler: () => OperationResponse, call: Call = {}) {
  const route = routesFor<typeof deps>()(
    "openapi",
    "GET",
    "/x",
    "public",
    "none",
    operation({
      tag: "Service",
      summary: "x",
      responses: {},
      errors: [],
      example: {},
      handler: async (_, _deps: object) => handler(),
    }),
  );
  return invoke(route, deps, call);
}

const kinds: [string, () => OperationResponse][] = [
  ["success", () => ({ json: {} })],
  ["no content", () => ({ status: 204 })],
  [
    "a client error",
    () => {
      throw new AppError("NOT_FOUND", "x");
    },
  ],
  [
    "a server error",
    () => {
      throw new Error("x");
    },
  ],
];

describe.each(kinds)("a response of %s", (_, handler) => {
  it("has headers against sniffing, framing, scripts, caches and referrers", async () => {
    const { headers } = await respondWith(handler);
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": expect.stringMatching(/^default-src 'none'; frame-ancestors 'none'/),
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-trace-id": expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("exposes the headers that scripts of other origins read, and names no origin", async () => {
    const { headers } = await respondWith(handler, { headers: { origin: "https://site.example" } });
    expect(headers.get("access-control-expose-headers")).toBe(
      "X-Trace-ID, Retry-After, RateLimit, RateLimit-Policy, Location, ETag",
    );
    expect(headers.get("vary")).toBe("Origin");
    const cors = [...headers.keys()].filter((name) => name.startsWith("access-control-"));
    expect(cors).toEqual(["access-control-expose-headers"]);
  });

  it("has Strict-Transport-Security over HTTPS only", async () => {
    const name = "strict-transport-security";
    expect((await respondWith(handler, { url: "https://api.example/api/x" })).headers.get(name)).toMatch(
      /^max-age=\d{8,}/,
    );
    expect((await respondWith(handler, { url: "http://localhost:7071/api/x" })).headers.has(name)).toBe(false);
  });
});

it("a response keeps its own Cache-Control and headers in addition to the common ones", async () => {
  const { headers } = await respondWith(() => ({
    headers: { "Cache-Control": "public, max-age=60", ETag: '"1"' },
    json: 1,
  }));
  expect(headers.get("cache-control")).toBe("public, max-age=60");
  expect(headers.get("etag")).toBe('"1"');
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});
