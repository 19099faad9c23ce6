// Who may call which route, written out: every route against every role, no token, an expired one, a disabled user.
import { beforeAll, describe, expect, it } from "vitest";
import { createAuthenticate } from "./lib/access/authenticate.ts";
import { newKey, ringOf } from "./lib/access/keys.fixture.ts";
import { type Role, roles } from "./lib/access/permissions.ts";
import type { User } from "./lib/access/roster.ts";
import { createTokenVerifier, signToken } from "./lib/access/token.ts";
import { invoke } from "./lib/http/invoke.fixture.ts";
import type { FunctionName } from "./lib/names.ts";
import { createStoreClock } from "./lib/store-clock.ts";
import { routes } from "./routes.ts";

const everybody = "everybody";
const anyRole = roles;
const owner: readonly Role[] = ["owner"];
const editors: readonly Role[] = ["owner", "editor"];

const callers: Record<FunctionName, typeof everybody | readonly Role[]> = {
  console: everybody,
  gallery: everybody,
  health: everybody,
  "health-live": everybody,
  "health-ready": everybody,
  "image-delete": editors,
  "image-import": editors,
  "image-list": anyRole,
  "image-usage": anyRole,
  "image-read": anyRole,
  "image-reprocess": editors,
  "image-update": editors,
  "image-upload": editors,
  "upload-commit": editors,
  "upload-link": editors,
  jwks: everybody,
  "key-list": owner,
  "key-rotate": owner,
  metrics: everybody,
  openapi: everybody,
  "password-redeem": everybody,
  "sas-issue": anyRole,
  "session-delete": anyRole,
  "session-list": anyRole,
  token: everybody,
  "token-revoke": everybody,
  "user-create": owner,
  "user-delete": owner,
  "user-list": owner,
  "user-me": anyRole,
  "user-me-update": anyRole,
  "user-reset": owner,
  "user-update": owner,
  "visitor-badge": everybody,
  "visitor-badge-json": everybody,
  "visitor-count": everybody,
  "visitor-counter": everybody,
  "visitor-counter-drop-in": everybody,
  "visitor-history": everybody,
  "visitor-import": owner,
  "visitor-pages": anyRole,
  "zz-fallback": everybody,
};

const parties = { issuer: "https://api.example", audience: "vitae" };
const userOf = (id: string, role: Role, changes: Partial<User> = {}): User => ({
  id,
  email: `${id}@example.com`,
  role,
  tier: "free",
  state: "active",
  validFrom: 0,
  createdAt: 0,
  ...changes,
});
const users = [
  ...roles.map((role) => userOf(role, role)),
  userOf("disabled", "owner", { state: "disabled" }),
  userOf("revoked", "owner", { validFrom: Math.ceil(Date.now() / 1000) + 60 }),
];

let authenticate: ReturnType<typeof createAuthenticate>;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const key = await newKey();
  authenticate = createAuthenticate({
    verify: createTokenVerifier(ringOf(key), { ...parties, clock: createStoreClock() }),
    users: { find: async (id) => users.find((user) => user.id === id) },
  });
  const sign = (subject: string, role: Role = "owner", expiresIn = 900) =>
    signToken({ ...parties, key, subject, role, expiresIn });
  for (const role of roles) {
    // A token of the highest role, so that the roster's role decides; and the reverse.
    tokens[role] = await sign(role);
    tokens[`owner as ${role}`] = await sign("owner", role);
  }
  tokens.expired = await sign("owner", "owner", -60);
  for (const subject of ["disabled", "revoked", "deleted"]) tokens[subject] = await sign(subject);
});

describe.each(routes.map((route) => [route.name, route] as const))("%s", (name, { operation, ...route }) => {
  /** The status of the route with a handler that does nothing. */
  async function statusOf(token: string | undefined) {
    const { tag, summary } = operation;
    const empty = { tag, summary, responses: {}, errors: [], example: {}, handler: async () => ({ status: 204 }) };
    const response = await invoke({ ...route, operation: empty } as never, { authenticate } as never, {
      method: route.methods[0] ?? "",
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
    return response.status;
  }
  const permitted = callers[name];

  it.each(roles)("permits or rejects the role %s, of the user and of the token", async (role) => {
    const expected = permitted === everybody || permitted.includes(role) ? 204 : 403;
    expect(await statusOf(tokens[role])).toBe(expected);
    expect(await statusOf(tokens[`owner as ${role}`])).toBe(expected);
  });

  it.each(["none", "expired", "disabled", "revoked", "deleted"])(
    "needs no token, or rejects the token that is or whose user is: %s",
    async (kind) => {
      expect(await statusOf(tokens[kind])).toBe(permitted === everybody ? 204 : 401);
    },
  );
});
