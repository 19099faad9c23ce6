// Sign-in, refresh and sign-out through the boundary, on a sessions table in Azurite, for the tests of their routes.
import { afterEach, beforeAll, beforeEach, vi } from "vitest";
import { newKey, ringOf } from "../lib/access/keys.fixture.ts";
import { createTokenIssuer, createTokenVerifier } from "../lib/access/token.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { type InvokeResponse, invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { consoleLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { tablesEndpoint } from "../lib/test-services.fixture.ts";
import { createTable, newUser } from "./accounts.fixture.ts";
import { deleteSession, listSessions } from "./own-sessions.ts";
import { revoke } from "./revoke.ts";
import { createSessionRows, type SessionRows } from "./session-rows.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import type { SignedIn } from "./sign-in.ts";
import { token } from "./token.ts";

export const ORIGIN = "https://vitae.example";
const PASSWORD = "correct horse battery staple";
const clock = createStoreClock();
export let sessionRows: SessionRows;
export let sessions: Sessions;
/** The one user; tests may replace it. */
export const state = { user: newUser(), isCurrent: true };
export let deps: Awaited<ReturnType<typeof createTestDeps>>;

async function createTestDeps() {
  const keys = ringOf(await newKey());
  const parties = { issuer: "https://vitae.example", audience: "vitae", clock };
  const verify = createTokenVerifier(keys, parties);
  return {
    sessions,
    rosterView: { find: async (id: string) => (id === state.user.id ? state.user : undefined) },
    signIn: async (email: string, password: string): Promise<SignedIn | undefined> =>
      email === state.user.email && password === PASSWORD
        ? { user: state.user, isCurrent: async () => state.isCurrent }
        : undefined,
    issueToken: vi.fn(createTokenIssuer(keys, parties)),
    appOrigins: { APP_ORIGINS: [ORIGIN] },
    authenticate: async (authorization: string | null) => verify((authorization ?? "").slice("Bearer ".length)),
  };
}
const route = routesFor<typeof deps>();
export const routes = {
  token: route("token", "POST", "/v1/auth/token", "public", "none", token),
  revoke: route("token-revoke", "POST", "/v1/auth/revoke", "public", "none", revoke),
  list: route("session-list", "GET", "/v1/auth/sessions", "authenticated", "none", listSessions),
  delete: route("session-delete", "DELETE", "/v1/auth/sessions/{id:guid}", "authenticated", "none", deleteSession),
};

export type Form = Readonly<Record<string, string>>;
export async function post(name: "token" | "revoke", form: Form, headers: Readonly<Record<string, string>> = {}) {
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(form).toString();
  const response = await invoke(routes[name], deps, { method: "POST", headers: { ...type, ...headers }, body });
  return { ...response, json: response.text ? JSON.parse(response.text) : undefined };
}
export const signIn = (form: Form = {}, headers = {}) =>
  post("token", { grant_type: "password", username: state.user.email, password: PASSWORD, ...form }, headers);
export const refresh = (form: Form = {}, headers = {}) =>
  post("token", { grant_type: "refresh_token", ...form }, headers);
export const cookieOf = ({ cookies: [cookie] }: Pick<InvokeResponse, "cookies">) => cookie?.value;
/** As a browser sends it back, from this page. */
export const withCookie = (response: Pick<InvokeResponse, "cookies">) => ({
  cookie: `other=1; ${response.cookies[0]?.name}=${cookieOf(response)}`,
  origin: ORIGIN,
});
export const idsOf = async () => (await sessions.list(state.user.id)).map(({ id }) => id);

/** Call it once in a test file. */
export function useTokens(): void {
  beforeAll(async () => {
    const options = { endpoint: tablesEndpoint, credential: createCredential(undefined) };
    const table = createTableClient({ ...options, table: await createTable(), retries: 0 });
    sessionRows = createSessionRows(table, clock);
    sessions = createSessions({ rows: sessionRows, clock, log: consoleLog, meter: silentMeter });
    deps = await createTestDeps();
  });
  beforeEach(() => {
    Object.assign(state, { user: newUser({ role: "editor" }), isCurrent: true });
  });
  afterEach(() => void vi.restoreAllMocks());
}
