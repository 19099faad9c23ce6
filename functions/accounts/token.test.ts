// Sign-in, refresh and sign-out through the boundary, on the sessions table in Azurite.
import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newKey, ringOf } from "../lib/access/keys.fixture.ts";
import type { User } from "../lib/access/roster.ts";
import { createTokenIssuer, createTokenVerifier } from "../lib/access/token.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { type InvokeResponse, invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/operation.ts";
import { consoleLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { createTable, newUser } from "./accounts.fixture.ts";
import { deleteSession, listSessions } from "./own-sessions.ts";
import { revoke } from "./revoke.ts";
import { createSessionRows } from "./session-rows.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SignedIn } from "./sign-in.ts";
import { token } from "./token.ts";

const ORIGIN = "https://vitae.example";
const PASSWORD = "correct horse battery staple";
const clock = createStoreClock();
let sessions: Sessions;
let user: User;
let isCurrent: boolean;
let deps: Awaited<ReturnType<typeof createTestDeps>>;

async function createTestDeps() {
  const keys = ringOf(await newKey());
  const parties = { issuer: "https://vitae.example", audience: "vitae", clock };
  const verify = createTokenVerifier(keys, parties);
  return {
    sessions,
    rosterView: { find: async (id: string) => (id === user.id ? user : undefined) },
    signIn: async (email: string, password: string): Promise<SignedIn | undefined> =>
      email === user.email && password === PASSWORD ? { user, isCurrent: async () => isCurrent } : undefined,
    issueToken: vi.fn(createTokenIssuer(keys, parties)),
    appOrigins: { APP_ORIGINS: [ORIGIN] },
    authenticate: async (authorization: string | null) => verify((authorization ?? "").slice("Bearer ".length)),
  };
}
const route = routesFor<typeof deps>();
const routes = {
  token: route("token", "POST", "/v1/auth/token", "public", "none", token),
  revoke: route("token-revoke", "POST", "/v1/auth/revoke", "public", "none", revoke),
  list: route("session-list", "GET", "/v1/auth/sessions", "authenticated", "none", listSessions),
  delete: route("session-delete", "DELETE", "/v1/auth/sessions/{id:guid}", "authenticated", "none", deleteSession),
};

type Form = Readonly<Record<string, string>>;
async function post(name: "token" | "revoke", form: Form, headers: Readonly<Record<string, string>> = {}) {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(form).toString();
  const response = await invoke(routes[name], deps, { method: "POST", headers: { ...type, ...headers }, body });
  return { ...response, json: response.text ? JSON.parse(response.text) : undefined };
}
const signIn = (form: Form = {}, headers = {}) =>
  post("token", { grant_type: "password", username: user.email, password: PASSWORD, ...form }, headers);
const refresh = (form: Form = {}, headers = {}) => post("token", { grant_type: "refresh_token", ...form }, headers);
const cookieOf = ({ cookies: [cookie] }: Pick<InvokeResponse, "cookies">) => cookie?.value;
/** As a browser sends it back, from this page. */
const withCookie = (response: Pick<InvokeResponse, "cookies">) => ({
  cookie: `other=1; ${response.cookies[0]?.name}=${cookieOf(response)}`,
  origin: ORIGIN,
});
const idsOf = async () => (await sessions.list(user.id)).map(({ id }) => id);

beforeAll(async () => {
  const options = { endpoint: process.env.TABLES_ENDPOINT as string, credential: createCredential(undefined) };
  const table = createTableClient({ ...options, table: await createTable(), retries: 0 });
  sessions = createSessions({ rows: createSessionRows(table, clock), clock, log: consoleLog, meter: silentMeter });
  deps = await createTestDeps();
});
beforeEach(() => {
  user = newUser({ role: "editor" });
  isCurrent = true;
});
afterEach(() => void vi.restoreAllMocks());

describe("POST /v1/auth/token", () => {
  it("returns tokens for a password, and new ones for the refresh token", async () => {
    const first = await signIn();
    expect(first).toMatchObject({ status: 200, json: { token_type: "Bearer", expires_in: 900 } });
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.cookies).toEqual([]);
    const caller = await deps.authenticate(`Bearer ${first.json.access_token}`);
    expect(caller).toMatchObject({ subject: user.id, role: "editor", session: (await idsOf())[0] });
    const second = await refresh({ refresh_token: first.json.refresh_token });
    expect(second.json.refresh_token).not.toBe(first.json.refresh_token);
    expect((await refresh({ refresh_token: first.json.refresh_token })).json.refresh_token).toBe(
      second.json.refresh_token,
    );
    expect(await idsOf()).toEqual([caller.session]);
  });

  it("rejects a wrong password and an unknown user with the same invalid_grant", async () => {
    const [wrong, unknown] = [await signIn({ password: "wrong" }), await signIn({ username: "eve@example.com" })];
    expect(wrong).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    expect({ ...unknown.json, trace_id: "" }).toEqual({ ...wrong.json, trace_id: "" });
    expect(await idsOf()).toEqual([]);
  });

  it("leaves no session when the password changes meanwhile, and none when no token can be issued", async () => {
    isCurrent = false;
    expect((await signIn()).json.error).toBe("invalid_grant");
    isCurrent = true;
    deps.issueToken.mockRejectedValueOnce(new AppError("DEPENDENCY_UNAVAILABLE", "No keys"));
    expect(await signIn()).toMatchObject({ status: 503, json: { error: "temporarily_unavailable" } });
    expect(await idsOf()).toEqual([]);
  });

  it("rotates nothing when no access token can be issued, so that a later retry is not reuse", async () => {
    const { json } = await signIn();
    const before = await sessions.list(user.id);
    deps.issueToken.mockRejectedValueOnce(new AppError("DEPENDENCY_UNAVAILABLE", "No keys"));
    expect((await refresh({ refresh_token: json.refresh_token })).status).toBe(503);
    expect(await sessions.list(user.id)).toEqual(before);
  });

  it("rejects the refresh token of a disabled user, of one whose tokens were revoked, and of an unknown one", async () => {
    const { refresh_token } = (await signIn()).json;
    const active = user;
    const others: User[] = [
      { ...active, state: "disabled" },
      { ...active, validFrom: Math.ceil(Date.now() / 1000) + 2 },
      newUser(),
    ];
    for (const each of others) {
      user = each;
      expect(await refresh({ refresh_token })).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    }
    user = active;
    expect((await refresh({ refresh_token })).status).toBe(200);
  });

  it.each<[string, Form, string]>([
    ["an unknown grant", { grant_type: "client_credentials" }, "unsupported_grant_type"],
    ["no grant", {}, "invalid_request"],
    ["a password grant without a password", { grant_type: "password", username: "a@b.example" }, "invalid_request"],
    ["a refresh without a token", { grant_type: "refresh_token" }, "invalid_request"],
    [
      "both grants at once",
      { grant_type: "refresh_token", refresh_token: "x", username: "a@b.example", password: "x" },
      "invalid_request",
    ],
    ["an access token as refresh token", { grant_type: "refresh_token", refresh_token: "e30.e30.x" }, "invalid_grant"],
  ])("rejects %s with its OAuth error, without repeating the value", async (_, form, error) => {
    expect(await post("token", form)).toMatchObject({ status: 400, json: { error } });
  });
});

describe("the refresh cookie", () => {
  it("is set with its protection, replaces the token of the body, and is rotated by a refresh", async () => {
    const first = await signIn({ cookie: "true" }, { origin: ORIGIN });
    expect(first.json.refresh_token).toBeUndefined();
    const protection = { path: "/api/v1/auth", httpOnly: true, secure: true, sameSite: "Strict", maxAge: 2_592_000 };
    expect(first.cookies).toEqual([{ name: "__Secure-vitae-refresh", value: expect.any(String), ...protection }]);
    const second = await refresh({}, withCookie(first));
    expect(second).toMatchObject({ status: 200, json: { expires_in: 900 } });
    expect(second.json.refresh_token).toBeUndefined();
    expect(cookieOf(second)).not.toBe(cookieOf(first));
  });

  it("is neither set nor used by a request of another origin, of none and of null", async () => {
    const response = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const before = await sessions.list(user.id);
    const origins: Record<string, string>[] = [{ origin: "https://evil.example" }, { origin: "null" }, {}];
    for (const origin of origins) {
      const { origin: _, ...own } = withCookie(response);
      for (const rejected of [
        await signIn({ cookie: "true" }, origin),
        await refresh({}, { ...own, ...origin }),
        await post("revoke", {}, { ...own, ...origin }),
      ]) {
        expect(rejected).toMatchObject({ status: 403, json: { error: "invalid_request" }, cookies: [] });
      }
    }
    expect(await sessions.list(user.id)).toEqual(before);
  });

  it("is rejected together with a token in the form", async () => {
    const first = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const other = (await signIn()).json.refresh_token;
    const headers = withCookie(first);
    expect((await refresh({ refresh_token: other }, headers)).json.error).toBe("invalid_request");
    expect((await post("revoke", { token: other }, headers)).json.error).toBe("invalid_request");
    expect((await refresh({ refresh_token: other, cookie: "true" }, { origin: ORIGIN })).json.error).toBe(
      "invalid_request",
    );
    expect(await idsOf()).toHaveLength(2);
  });

  it("of an earlier session is neither reused nor ended by a sign-in, so that a planted one is worthless", async () => {
    const planted = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const attacker = user;
    user = newUser();
    const victim = await signIn({ cookie: "true" }, withCookie(planted));
    expect(cookieOf(victim)?.split(".")[1]).not.toBe(cookieOf(planted)?.split(".")[1]);
    expect(await idsOf()).toHaveLength(1);
    expect(await sessions.list(attacker.id)).toHaveLength(1);
  });

  it("is deleted by a sign-out, which ends the session", async () => {
    const signedIn = await signIn({ cookie: "true" }, { origin: ORIGIN });
    const response = await post("revoke", {}, withCookie(signedIn));
    expect([response.status, response.json]).toEqual([200, {}]);
    expect(response.cookies).toMatchObject([{ name: "__Secure-vitae-refresh", value: "", maxAge: 0 }]);
    expect(await idsOf()).toEqual([]);
  });
});

describe("POST /v1/auth/revoke", () => {
  it("returns 200 for every token, and ends the session of a refresh token only", async () => {
    const { json } = await signIn();
    for (const each of ["nonsense", json.access_token, `${json.refresh_token.slice(0, -3)}AAA`]) {
      expect((await post("revoke", { token: each, token_type_hint: "access_token" })).status).toBe(200);
      expect(await idsOf()).toHaveLength(1);
    }
    expect((await post("revoke", { token: json.refresh_token })).status).toBe(200);
    expect(await idsOf()).toEqual([]);
    expect((await refresh({ refresh_token: json.refresh_token })).json.error).toBe("invalid_grant");
    expect((await post("revoke", {})).json.error).toBe("invalid_request");
  });
});

describe("/v1/auth/sessions", () => {
  it("lists and ends the caller's own sessions, and nobody else's", async () => {
    const firefox = "Mozilla/5.0 (Windows NT 10.0; rv:143.0) Gecko/20100101 Firefox/143.0";
    const { json } = await signIn({}, { "user-agent": firefox });
    await signIn();
    const headers = { authorization: `Bearer ${json.access_token}` };
    const listed = JSON.parse((await invoke(routes.list, deps, { headers })).text).sessions;
    expect(listed).toHaveLength(2);
    expect(listed.find(({ current }: { current: boolean }) => current)).toMatchObject({ client: "Firefox on Windows" });
    const end = (id: string) => invoke(routes.delete, deps, { method: "DELETE", headers, params: { id } });
    const owner = user;
    user = newUser();
    await signIn();
    const [foreign] = await idsOf();
    for (const id of [foreign as string, randomUUID()]) expect((await end(id)).error().code).toBe("NOT_FOUND");
    expect(await idsOf()).toEqual([foreign]);
    user = owner;
    for (const { id } of listed) expect((await end(id.toUpperCase())).status).toBe(204);
    expect(await idsOf()).toEqual([]);
    expect((await refresh({ refresh_token: json.refresh_token })).json.error).toBe("invalid_grant");
  });
});
