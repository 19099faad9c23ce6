// What a deployment can have wrong, one thing at a time, and the check that has to notice.
import type { Breakage, Exchange, Seen } from "./broken.simulation.ts";

type Row = readonly [what: string, check: string, breakage: Breakage];
type Change = (exchange: Exchange) => ReturnType<Breakage>;

const at =
  (path: string, change: Change, method = "GET"): Breakage =>
  (exchange) =>
    exchange.path === path && exchange.method === method ? change(exchange) : undefined;

const PAGE = "/api/v1/visits/verify";
const READY = "/api/health/ready";
const LIVE = "/api/health/live";
const IMAGE = /^\/api\/v1\/images\/[0-9a-f-]+$/;

/** Changes the nth visit that is counted. */
function visit(ordinal: number, change: Change): Breakage {
  let seen = 0;
  return at(PAGE, (exchange) => (++seen === ordinal ? change(exchange) : undefined), "POST");
}

type Body = Record<string, unknown> & { error: object };
/** The answer with its JSON changed. */
const json = ({ answer }: Exchange, change: (body: Body) => unknown) => ({
  body: JSON.stringify(change(JSON.parse(answer.body.toString()))),
});
const headers = ({ answer }: Exchange, changed: Record<string, string>) => ({
  headers: { ...answer.headers, ...changed },
});
function without({ answer }: Exchange, name: string): Partial<Seen> {
  const { [name]: _, ...rest } = answer.headers;
  return { headers: rest };
}
const ok: Partial<Seen> = { status: 200, headers: { "content-type": "text/html" }, body: "<title>API</title>" };
const elsewhere = "https://elsewhere.example.com";

/** Links lead to the front, which shows what is behind them to whoever comes. */
function openToAll(): Breakage {
  let behind = "";
  return async (seen) => {
    if (seen.path.startsWith("/open")) {
      const blob = await fetch(behind);
      const type = blob.headers.get("content-type") ?? "";
      return { status: 200, headers: { "content-type": type }, body: Buffer.from(await blob.arrayBuffer()) };
    }
    if (seen.path !== "/api/v1/sas" || seen.answer.status !== 200) return undefined;
    behind = JSON.parse(seen.answer.body.toString()).url;
    return json(seen, () => ({ url: `http://${seen.headers.host}/open?sig=1` }));
  };
}

export const breakages: readonly Row[] = [
  ["answers 500 to /health", "health", at("/api/health", () => ({ status: 500 }))],
  ["runs another commit", "health", at("/api/health", (seen) => json(seen, (body) => ({ ...body, commit: "source" })))],

  ["is not ready", "readiness", at(READY, () => ({ status: 503 }))],
  ["has a store down", "readiness", at(READY, (seen) => json(seen, () => ({ status: "ok", dependencies: {} })))],

  ["counts a visit twice", "counter", visit(4, ({ again }) => again())],
  ["is counted on by another run", "counter", visit(1, async ({ again }) => void (await again()))],
  ["gives a number twice", "counter", visit(3, (seen) => json(seen, (body) => ({ count: Number(body.count) - 1 })))],
  [
    "reads less than it counted",
    "counter",
    at(PAGE, (seen) => (seen.answer.status === 200 ? json(seen, () => ({ count: 1 })) : undefined)),
  ],
  ["has its cost brake on", "counter", visit(1, (seen) => json(seen, (body) => ({ ...body, degraded: true })))],

  [
    "refuses the token",
    "images",
    at("/api/v1/images", ({ headers: { authorization } }) => (authorization ? { status: 403 } : undefined), "POST"),
  ],
  [
    "fails at the thumbnail",
    "images",
    (seen) =>
      IMAGE.test(seen.path) && seen.answer.status === 200
        ? json(seen, (body) => ({ ...body, status: "failed" }))
        : undefined,
  ],
  [
    "makes links that are refused",
    "images",
    at(
      "/api/v1/sas",
      (seen) => (seen.answer.status === 200 ? json(seen, ({ url }) => ({ url: `${url}x` })) : undefined),
      "POST",
    ),
  ],
  ["shows pictures without a link", "images", openToAll()],

  [
    "asks nobody for a token",
    "refusal",
    (seen) => (seen.answer.status === 401 && seen.path === "/api/v1/sas" ? { status: 400 } : undefined),
  ],
  [
    "takes unsigned tokens",
    "refusal",
    (seen) => (seen.answer.status === 401 && seen.headers.authorization ? { status: 404 } : undefined),
  ],
  [
    "does not say how to authenticate",
    "refusal",
    (seen) => (seen.answer.status === 401 ? without(seen, "www-authenticate") : undefined),
  ],

  [
    "answers errors in another shape",
    "errors",
    at("/api/v1/visits/Not_A_Page", () => ({ body: '{"error":"bad page"}' })),
  ],
  [
    "leaks a stack",
    "errors",
    at("/api/verify-nothing", (seen) =>
      json(seen, ({ error }) => ({ error: { ...error, stack: "Error\n    at find (file:///app/app.js:1:2)" } })),
    ),
  ],
  ["says 405 without what is allowed", "errors", at(PAGE, (seen) => without(seen, "allow"), "PATCH")],

  ["drops the caller's trace id", "trace id", at(LIVE, (seen) => headers(seen, { "x-trace-id": "a".repeat(32) }))],
  [
    "gives every request one trace id",
    "trace id",
    at(LIVE, (seen) =>
      seen.headers["x-trace-id"] === "not-one" ? headers(seen, { "x-trace-id": "a".repeat(32) }) : undefined,
    ),
  ],
  [
    "has another trace id in its errors",
    "trace id",
    at("/api/verify-trace", (seen) => json(seen, ({ error }) => ({ error: { ...error, trace_id: "a".repeat(32) } }))),
  ],

  ["lets itself be framed", "security headers", at(LIVE, (seen) => without(seen, "x-frame-options"))],
  [
    "lets errors be cached",
    "security headers",
    at("/api/verify-headers", (seen) => headers(seen, { "cache-control": "max-age=60" })),
  ],

  [
    "lets the allowed page read nothing",
    "cors, allowed",
    at(LIVE, (seen) => without(seen, "access-control-allow-origin")),
  ],
  ["refuses preflights", "cors, allowed", at(PAGE, () => ({ status: 405, headers: {} }), "OPTIONS")],
  ["exposes no headers", "cors, allowed", at(LIVE, (seen) => without(seen, "access-control-expose-headers"))],
  [
    "lets any page read",
    "cors, refused",
    at(LIVE, (seen) =>
      seen.headers.origin === elsewhere ? headers(seen, { "access-control-allow-origin": elsewhere }) : undefined,
    ),
  ],

  [
    "serves a broken document",
    "openapi",
    at("/api/openapi.json", (seen) => json(seen, ({ paths }) => ({ openapi: "3.1.0", paths }))),
  ],
  [
    "serves the document of something else",
    "openapi",
    at("/api/openapi.json", (seen) => json(seen, (body) => ({ ...body, paths: {} }))),
  ],

  ["serves /docs", "no docs", at("/docs", () => ok)],
  ["serves /api/swagger", "no docs", at("/api/swagger", () => ok)],
  ["shows its metrics", "metrics", at("/api/metrics", () => ok)],

  ["refuses nobody", "limits", (seen) => (seen.answer.status === 429 ? { status: 200 } : undefined)],
  [
    "does not say how long to wait",
    "limits",
    (seen) => (seen.answer.status === 429 ? without(seen, "retry-after") : undefined),
  ],
  ["has no limit", "limits", at(PAGE, (seen) => without(seen, "ratelimit-policy"))],
];
