// Sessions on the real table code against Azurite, behind a proxy that loses responses and makes reads stale.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import { createCredential } from "../lib/azure/credential.ts";
import { createTableClient } from "../lib/azure/tables.ts";
import { consoleLog } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { startTableProxy, tablesEndpoint } from "../lib/test-services.fixture.ts";
import { createTable } from "./accounts.fixture.ts";
import { type Family, IDLE_MS } from "./family.ts";
import { createSessionRows } from "./session-rows.ts";
import { createSessions, MAX_SESSIONS } from "./sessions.ts";
import { cleanUpSessions } from "./sessions-clean-up.ts";

const credential = createCredential(undefined);
const log = { ...consoleLog, info: vi.fn(), warn: vi.fn() };
const clock = createStoreClock();
let proxy: FaultProxy;
let table: string;
let user: { id: string; validFrom: number };

const open = (url: string) => {
  const rows = createSessionRows(createTableClient({ endpoint: url, table, credential, retries: 0 }), clock);
  return { rows, sessions: createSessions({ rows, clock, log, meter: silentMeter }) };
};
let direct: ReturnType<typeof open>;
let faulty: ReturnType<typeof open>;

beforeAll(async () => {
  [proxy, table] = await Promise.all([startTableProxy(), createTable()]);
  direct = open(tablesEndpoint);
  faulty = open(proxy.url);
});
beforeEach(() => {
  proxy.decide(undefined);
  proxy.lag(0);
  log.info.mockClear();
  log.warn.mockClear();
  user = { id: randomUUID(), validFrom: 0 };
});
afterAll(() => proxy.close());

/** Every other write is applied, and its response is lost. */
function loseResponses() {
  let writes = 0;
  proxy.decide(({ method }) => (method !== "GET" && writes++ % 2 === 0 ? { kind: "reset-after" } : undefined));
}
const idsOf = async () => (await direct.sessions.list(user.id)).map(({ id }) => id);
const change = async (session: string, changes: Partial<Family>) => {
  const { family, etag } = (await direct.rows.read(user.id, session)) ?? { etag: "" };
  return direct.rows.replace({ ...(family as Family), ...changes }, etag);
};

describe("a session on its table", () => {
  it("starts, is refreshed and ends while the responses of writes are lost and reads lag", async () => {
    loseResponses();
    proxy.lag(300);
    const { refreshToken, session } = await faulty.sessions.start(user, "curl/8.5.0");
    let token = refreshToken;
    for (let round = 0; round < 3; round++) {
      const response = await faulty.sessions.refresh(token, 0);
      expect(response?.refreshToken).not.toBe(token);
      token = response?.refreshToken as string;
    }
    expect(await direct.sessions.refresh(refreshToken, 0)).toEqual({ refreshToken: token });
    const now = clock.now().latest;
    const [summary] = await faulty.sessions.list(user.id);
    expect(summary).toMatchObject({ id: session, client: "curl" });
    expect(Math.abs((summary?.usedAt ?? 0) - now)).toBeLessThan(60_000);
    expect(await faulty.sessions.end(user.id, session)).toBe(true);
    proxy.lag(0);
    expect(await faulty.sessions.refresh(token, 0)).toBeUndefined();
    expect(log.warn).not.toHaveBeenCalled();
  });

  it("gives twelve parallel refreshes in two instances the same successor", async () => {
    const { refreshToken } = await direct.sessions.start(user, null);
    const refresh = (_: unknown, index: number) => [direct, faulty][index % 2]?.sessions.refresh(refreshToken, 0);
    const responses = await Promise.all(Array.from({ length: 12 }, refresh));
    const [first] = responses;
    expect(first?.refreshToken).toMatch(/^[\w.-]+$/);
    expect(responses).toEqual(responses.map(() => first));
  });

  it("is revoked by a retired token after the window also when the response is lost, and the event is logged", async () => {
    const { refreshToken, session } = await direct.sessions.start(user, null);
    const response = await direct.sessions.refresh(refreshToken, 0);
    const { family } = (await direct.rows.read(user.id, session)) as { family: Family };
    await change(session, { retired: family.retired.map((entry) => ({ ...entry, at: entry.at - 12_000 })) });
    loseResponses();
    expect(await faulty.sessions.refresh(refreshToken, 0)).toBeUndefined();
    expect(await direct.sessions.refresh(response?.refreshToken ?? "", 0)).toBeUndefined();
    expect(log.warn.mock.calls).toEqual([
      ["security-event", { event: "refresh-token-reused", user: user.id, session }],
    ]);
    expect(await idsOf()).toEqual([]);
  });

  it("is over after 30 days without refresh, and when it started before the user's tokens were revoked", async () => {
    const { refreshToken, session } = await direct.sessions.start(user, null);
    const { createdAt } = (await direct.sessions.list(user.id))[0] ?? { createdAt: 0 };
    expect(await direct.sessions.refresh(refreshToken, Math.floor(createdAt / 1000) + 1)).toBeUndefined();
    await change(session, { usedAt: clock.now().earliest - IDLE_MS });
    expect(await direct.sessions.refresh(refreshToken, 0)).toBeUndefined();
    expect(log.warn).not.toHaveBeenCalled();
  });

  it("ends the least recently used session when the 21st starts", async () => {
    const started = await Promise.all(Array.from({ length: MAX_SESSIONS }, () => direct.sessions.start(user, null)));
    const [oldest, second] = started.map(({ session }) => session) as [string, string];
    await change(oldest, { usedAt: clock.now().latest - 60_000 });
    await change(second, { usedAt: clock.now().latest - 30_000 });
    const { session } = await direct.sessions.start(user, null);
    await direct.sessions.endSurplus(user.id);
    const ids = await idsOf();
    expect(ids).toHaveLength(MAX_SESSIONS);
    expect(ids).toContain(session);
    expect(ids).not.toContain(oldest);
    expect(ids.at(-1)).toBe(second);
  });

  it("ends by an earlier token of its own and by its user, never by a guess or by another user", async () => {
    const first = await direct.sessions.start(user, null);
    const other = await direct.sessions.start(user, null);
    await direct.sessions.refresh(first.refreshToken, 0);
    await direct.sessions.revoke(`${first.refreshToken.slice(0, -2)}AA`);
    expect(await direct.sessions.end(randomUUID(), other.session)).toBe(false);
    expect(await idsOf()).toHaveLength(2);
    await direct.sessions.revoke(first.refreshToken);
    expect(await idsOf()).toEqual([other.session]);
    await direct.sessions.start(user, null);
    await direct.sessions.endAll(user.id, other.session);
    expect(await idsOf()).toEqual([other.session]);
  });

  it("is neither found nor lost when the table is missing: refresh fails with DEPENDENCY_UNAVAILABLE", async () => {
    const client = createTableClient({ endpoint: tablesEndpoint, table: "nosuchtable", credential, retries: 0 });
    const rows = createSessionRows(client, clock);
    const sessions = createSessions({ rows, clock, log, meter: silentMeter });
    const { refreshToken } = await direct.sessions.start(user, null);
    await expect(sessions.refresh(refreshToken, 0)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    await expect(sessions.end(user.id, randomUUID())).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });
});

describe("cleanUpSessions", () => {
  it("deletes what is over or revoked, and keeps a session that is refreshed after the list was read", async () => {
    const started = await Promise.all(Array.from({ length: 4 }, () => direct.sessions.start(user, null)));
    const [live, over, revoked, used] = started.map(({ session }) => session) as [string, string, string, string];
    const usedAt = clock.now().earliest - IDLE_MS - 10 * 60_000;
    await Promise.all([change(over, { usedAt }), change(revoked, { isRevoked: true }), change(used, { usedAt })]);
    const sessionRows = {
      ...direct.rows,
      async *over(now: number) {
        for await (const page of direct.rows.over(now)) {
          await change(used, { usedAt: clock.now().latest });
          yield page;
        }
      },
    };
    await cleanUpSessions({ sessionRows, accountsClock: clock }, { log, runMs: 60_000 });
    const left = (await direct.rows.list(user.id)).map(({ family }) => family.familyId);
    expect(left.sort()).toEqual([live, used].sort());
  });
});
