// Headers that every answer carries, whatever its status.
import { describe, expect, it } from "vitest";
import { AppError } from "../errors.ts";
import { type Call, invoke } from "./invoke.simulation.ts";
import { type OperationResponse, operation, routesFor } from "./operation.ts";

const deps = { verifyToken: () => Promise.reject(new AppError("UNAUTHENTICATED", "x")) };

function answering(handler: () => OperationResponse, call: Call = {}) {
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
    "a caller's mistake",
    () => {
      throw new AppError("NOT_FOUND", "x");
    },
  ],
  [
    "a failure of ours",
    () => {
      throw new Error("x");
    },
  ],
];

describe.each(kinds)("an answer of %s", (_, handler) => {
  it("cannot be sniffed, framed, scripted or cached, and sends no referrer", async () => {
    const { headers } = await answering(handler);
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "no-store",
      "content-security-policy": expect.stringMatching(/^default-src 'none'; frame-ancestors 'none'/),
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-trace-id": expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it("exposes the headers that scripts of other origins read, and leaves the origins to the platform", async () => {
    const { headers } = await answering(handler, { headers: { origin: "https://site.example" } });
    expect(headers.get("access-control-expose-headers")).toBe(
      "X-Trace-ID, Retry-After, RateLimit, RateLimit-Policy, Location, ETag",
    );
    expect(headers.get("vary")).toBe("Origin");
    const cors = [...headers.keys()].filter((name) => name.startsWith("access-control-"));
    expect(cors).toEqual(["access-control-expose-headers"]);
  });

  it("demands TLS for the future only where TLS is spoken", async () => {
    const name = "strict-transport-security";
    expect((await answering(handler, { url: "https://api.example/api/x" })).headers.get(name)).toMatch(
      /^max-age=\d{8,}/,
    );
    expect((await answering(handler, { url: "http://localhost:7071/api/x" })).headers.has(name)).toBe(false);
  });
});

it("an answer's own Cache-Control wins, and its other headers stand beside the common ones", async () => {
  const { headers } = await answering(() => ({
    headers: { "Cache-Control": "public, max-age=60", ETag: '"1"' },
    json: 1,
  }));
  expect(headers.get("cache-control")).toBe("public, max-age=60");
  expect(headers.get("etag")).toBe('"1"');
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});
