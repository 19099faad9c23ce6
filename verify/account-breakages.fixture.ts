// Defects of sign-in, refresh, revocation and the key set, one at a time, and the check that must fail.
import { randomUUID } from "node:crypto";
import type { Breakage, Exchange } from "./broken-deployment.fixture.ts";
import { at, headers, json, type Row } from "./change-response.fixture.ts";

/** Changes the responses of the token endpoint with this status to a grant. */
const grant = (
  type: "password" | "refresh_token",
  status: number,
  change: (call: Exchange, form: URLSearchParams) => ReturnType<Breakage>,
): Breakage =>
  at(
    "/api/v1/auth/token",
    (call) => {
      const form = new URLSearchParams(call.sent);
      return form.get("grant_type") === type && call.response.status === status ? change(call, form) : undefined;
    },
    "POST",
  );
const KEYS = "/api/.well-known/jwks.json";

export const accountBreakages: readonly Row[] = [
  ["signs in with a wrong password", "sign-in", grant("password", 400, () => ({ status: 200 }))],
  [
    "returns errors of the token endpoint in another shape",
    "sign-in",
    grant("password", 400, (call) => json(call, ({ error, trace_id }) => ({ error: { code: error, trace_id } }))),
  ],
  [
    "lets caches store tokens",
    "sign-in",
    grant("password", 200, (call) => headers(call, { "cache-control": "max-age=60" })),
  ],
  [
    "sets the cookie of a session for clients without an own origin",
    "sign-in",
    grant("password", 403, (call) => headers(call, { "set-cookie": "vitae-refresh=token" })),
  ],
  ["issues access tokens that do not work", "sign-in", at("/api/v1/auth/sessions", () => ({ status: 401 }))],

  [
    "does not replace refresh tokens",
    "refresh",
    grant("refresh_token", 200, (call, form) =>
      json(call, (body) => ({ ...body, refresh_token: form.get("refresh_token") })),
    ),
  ],
  [
    "replaces a refresh token twice when a request is repeated",
    "refresh",
    grant("refresh_token", 200, (call) => json(call, (body) => ({ ...body, refresh_token: randomUUID() }))),
  ],
  ["refreshes by cookie for any origin", "refresh", grant("refresh_token", 403, () => ({ status: 200 }))],

  ["accepts revoked refresh tokens", "revoke", grant("refresh_token", 400, () => ({ status: 200 }))],
  [
    "rejects unknown tokens to revoke",
    "revoke",
    at("/api/v1/auth/revoke", ({ sent }) => (sent.includes("verify-no-token") ? { status: 400 } : undefined), "POST"),
  ],

  [
    "serves its private keys",
    "key set",
    at(KEYS, (call) => json(call, ({ keys }) => ({ keys: (keys as object[]).map((key) => ({ ...key, d: "x" })) }))),
  ],
  ["lets no cache store its key set", "key set", at(KEYS, (call) => headers(call, { "cache-control": "no-store" }))],
];
