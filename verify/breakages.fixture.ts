// Defects of a deployment, one at a time, and the check that must fail.
import { accountBreakages } from "./account-breakages.fixture.ts";
import type { Breakage, HttpResponse } from "./broken-deployment.fixture.ts";
import { at, type Change, headers, json, type Row, without } from "./change-response.fixture.ts";

const PAGE = "/api/v1/visits/verify";
const READY = "/api/health/ready";
const LIVE = "/api/health/live";
const IMAGE = /^\/api\/v1\/images\/[0-9a-f-]+$/;

/** Changes the nth visit that is counted. */
function visit(ordinal: number, change: Change): Breakage {
  return at(PAGE, (call) => (call.ordinal === ordinal ? change(call) : undefined), "POST");
}

const ok: Partial<HttpResponse> = { status: 200, headers: { "content-type": "text/html" }, body: "<title>API</title>" };
const elsewhere = "https://elsewhere.example.com";

/** Links lead to the front end, which serves the blob without a signature. */
function openToAll(): Breakage {
  let blobUrl = "";
  return async (call) => {
    if (call.path.startsWith("/open")) {
      const blob = await fetch(blobUrl);
      const type = blob.headers.get("content-type") ?? "";
      return { status: 200, headers: { "content-type": type }, body: Buffer.from(await blob.arrayBuffer()) };
    }
    if (call.path !== "/api/v1/sas" || call.response.status !== 200) return undefined;
    blobUrl = JSON.parse(call.response.body.toString()).url;
    return json(call, () => ({ url: `http://${call.headers.host}/open?sig=1` }));
  };
}

export const breakages: readonly Row[] = [
  ["returns 500 for /health", "health", at("/api/health", () => ({ status: 500 }))],
  ["runs another commit", "health", at("/api/health", (call) => json(call, (body) => ({ ...body, commit: "source" })))],

  ["is not ready", "readiness", at(READY, () => ({ status: 503 }))],
  ["has a store down", "readiness", at(READY, (call) => json(call, () => ({ status: "ok", dependencies: {} })))],

  ["counts a visit twice", "counter", visit(4, ({ repeat }) => repeat())],
  ["counts visits of another run", "counter", visit(1, async ({ repeat }) => void (await repeat()))],
  ["returns a number twice", "counter", visit(3, (call) => json(call, (body) => ({ count: Number(body.count) - 1 })))],
  [
    "reads a lower total than it counted",
    "counter",
    at(PAGE, (call) => (call.response.status === 200 ? json(call, () => ({ count: 1 })) : undefined)),
  ],
  ["is degraded by its cost brake", "counter", visit(1, (call) => json(call, (body) => ({ ...body, degraded: true })))],

  [
    "rejects the token",
    "images",
    at("/api/v1/images", ({ headers: { authorization } }) => (authorization ? { status: 403 } : undefined), "POST"),
  ],
  [
    "fails to render the thumbnail",
    "images",
    (call) =>
      IMAGE.test(call.path) && call.response.status === 200
        ? json(call, (body) => ({ ...body, status: "failed" }))
        : undefined,
  ],
  [
    "issues invalid links",
    "images",
    at(
      "/api/v1/sas",
      (call) => (call.response.status === 200 ? json(call, ({ url }) => ({ url: `${url}x` })) : undefined),
      "POST",
    ),
  ],
  ["serves images without a link", "images", openToAll()],

  [
    "requires no token",
    "authentication",
    (call) => (call.response.status === 401 && call.path === "/api/v1/sas" ? { status: 400 } : undefined),
  ],
  [
    "accepts unsigned tokens",
    "authentication",
    (call) => (call.response.status === 401 && call.headers.authorization ? { status: 404 } : undefined),
  ],
  [
    "returns 401 without WWW-Authenticate",
    "authentication",
    (call) => (call.response.status === 401 ? without(call, "www-authenticate") : undefined),
  ],

  [
    "returns errors in another shape",
    "errors",
    at("/api/v1/visits/Not_A_Page", () => ({ body: '{"error":"bad page"}' })),
  ],
  [
    "returns a stack trace",
    "errors",
    at("/api/verify-nothing", (call) =>
      json(call, ({ error }) => ({ error: { ...error, stack: "Error\n    at find (file:///app/app.js:1:2)" } })),
    ),
  ],
  ["returns 405 without Allow", "errors", at(PAGE, (call) => without(call, "allow"), "PATCH")],

  ["replaces the caller's trace id", "trace id", at(LIVE, (call) => headers(call, { "x-trace-id": "a".repeat(32) }))],
  [
    "generates the same trace id twice",
    "trace id",
    at(LIVE, (call) =>
      call.headers["x-trace-id"] === "not-one" ? headers(call, { "x-trace-id": "a".repeat(32) }) : undefined,
    ),
  ],
  [
    "returns another trace id in errors",
    "trace id",
    at("/api/verify-trace", (call) => json(call, ({ error }) => ({ error: { ...error, trace_id: "a".repeat(32) } }))),
  ],

  ["allows framing", "security headers", at(LIVE, (call) => without(call, "x-frame-options"))],
  [
    "allows caching of errors",
    "security headers",
    at("/api/verify-headers", (call) => headers(call, { "cache-control": "max-age=60" })),
  ],

  ["allows no origin", "cors, allowed", at(LIVE, (call) => without(call, "access-control-allow-origin"))],
  ["rejects preflights", "cors, allowed", at(PAGE, () => ({ status: 405, headers: {} }), "OPTIONS")],
  ["exposes no headers", "cors, allowed", at(LIVE, (call) => without(call, "access-control-expose-headers"))],
  [
    "allows any origin",
    "cors, rejected",
    at(LIVE, (call) =>
      call.headers.origin === elsewhere ? headers(call, { "access-control-allow-origin": elsewhere }) : undefined,
    ),
  ],

  [
    "serves an invalid OpenAPI document",
    "openapi",
    at("/api/openapi.json", (call) => json(call, ({ paths }) => ({ openapi: "3.1.0", paths }))),
  ],
  [
    "serves the OpenAPI document of another API",
    "openapi",
    at("/api/openapi.json", (call) => json(call, (body) => ({ ...body, paths: {} }))),
  ],

  ["serves /docs", "no docs", at("/docs", () => ok)],
  ["serves /api/swagger", "no docs", at("/api/swagger", () => ok)],
  ["serves its metrics", "metrics", at("/api/metrics", () => ok)],

  [
    "rejects no request over the limit",
    "limits",
    (call) => (call.response.status === 429 ? { status: 200 } : undefined),
  ],
  [
    "returns 429 without Retry-After",
    "limits",
    (call) => (call.response.status === 429 ? without(call, "retry-after") : undefined),
  ],
  ["returns no RateLimit-Policy", "limits", at(PAGE, (call) => without(call, "ratelimit-policy"))],

  ...accountBreakages,
];
