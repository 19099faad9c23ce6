// The roster and the credentials against Azurite: their size, racing writers, lost responses and a missing table.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultProxy } from "../../local/fault-proxy.fixture.ts";
import { changeUser, MAX_USERS, type Roster } from "../lib/access/roster.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import { startTableProxy } from "../lib/test-services.fixture.ts";
import { createTable, newUser, openAccounts } from "./accounts.fixture.ts";
import { changeCredentials, createCredentialStore } from "./credentials.ts";
import type { Rows } from "./rows.ts";
import { createUsers, toRow } from "./users-table.ts";

const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });
let proxy: FaultProxy;
let table: string;

beforeAll(async () => {
  proxy = await startTableProxy();
});
beforeEach(async () => {
  proxy.decide(undefined);
  table = await createTable();
});
afterAll(() => proxy.close());

const isWrite = ({ method }: { method: string }) => method === "PUT" || method === "POST";
/** Loses the response of the first writes, which the table applies. */
function loseWrites(times = 1) {
  let left = times;
  proxy.decide((request) => (isWrite(request) && left-- > 0 ? { kind: "reset-after" } : undefined));
}

describe("the roster", () => {
  it("stores 100 users with the longest e-mail addresses, below the limit of a property", async () => {
    const roster: Roster = Array.from({ length: MAX_USERS }, (_, index) =>
      newUser({ email: `${"e".repeat(250)}${String(index).padStart(4, "0")}`, tier: "enterprise", state: "disabled" }),
    );
    const { users } = openAccounts(table);
    expect(await users.change(() => roster)).toEqual(roster);
    expect(await users.read()).toEqual(roster);
    for (const value of Object.values(toRow(roster))) expect(value.length * 2).toBeLessThan(64 * 1024);
  });

  it("loses no change of eight instances that write at the same time", async () => {
    const added = Array.from({ length: 8 }, () => newUser());
    await Promise.all(added.map((user) => openAccounts(table).users.change((roster) => [...roster, user])));
    const stored = await openAccounts(table).users.read();
    expect(stored.map(({ id }) => id).sort()).toEqual(added.map(({ id }) => id).sort());
  });

  it("lets exactly one of two owners on two instances demote the other", async () => {
    const owners = [newUser({ role: "owner" }), newUser({ role: "owner" })] as const;
    const instances = [openAccounts(table).users, openAccounts(table).users];
    for (let round = 0; round < 5; round++) {
      await instances[0]?.change(() => [...owners]);
      const changes = { role: "editor" } as const;
      const outcomes = await Promise.allSettled(
        instances.map((users, index) =>
          users.change((roster) => changeUser(roster, owners[index]?.id ?? "", { changes, now: 0 })),
        ),
      );
      expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "CONFLICT" } });
      expect((await instances[0]?.read())?.filter(({ role }) => role === "owner")).toHaveLength(1);
    }
  });

  it("decides again with its own change when the response of the write was lost", async () => {
    const { users } = openAccounts(table, { url: proxy.url });
    const user = newUser();
    loseWrites();
    const seen: number[] = [];
    await users.change((roster) => {
      seen.push(roster.length);
      return roster.some(({ id }) => id === user.id) ? roster : [...roster, user];
    });
    expect(seen).toEqual([0, 1]);
    expect(await users.read()).toEqual([user]);
  });

  it("keeps fields that a newer release added", async () => {
    const { users } = openAccounts(table);
    await users.change(() => [{ ...newUser(), nickname: "Ada" } as Roster[number]]);
    await users.change((roster) => roster.map((user) => ({ ...user, tier: "pro" })));
    expect(await users.read()).toMatchObject([{ nickname: "Ada", tier: "pro" }]);
  });

  it("reads values of a newer release as a disabled viewer, and keeps those that no change replaces", async () => {
    const { users } = openAccounts(table);
    const newer = { ...newUser(), role: "auditor", tier: "gold", state: "invited" };
    await users.change(() => [newer as unknown as Roster[number], newUser({ id: "owner", role: "owner" })]);
    expect((await users.read())[0]).toMatchObject({ role: "viewer", tier: "enterprise", state: "disabled" });
    await users.change((roster) => changeUser(roster, newer.id, { changes: { tier: "pro" }, now: 0 }));
    const { rows } = openAccounts(table);
    const stored = await rows.find<{ users0: string }>({ partitionKey: "roster", rowKey: "roster" });
    expect(JSON.parse(stored?.users0 ?? "[]")[0]).toEqual({ ...newer, tier: "pro" });
  });

  it("feeds the store's clock with the Date header of its calls", async () => {
    let wall = 0;
    const clock = createStoreClock(
      () => wall,
      () => wall,
    );
    await openAccounts(table, { clock }).users.read();
    wall += 1;
    expect(clock.now().latest).toBeGreaterThan(1_700_000_000_000);
  });

  it("fails with DEPENDENCY_UNAVAILABLE when the table is missing or rejects every write", async () => {
    await expect(openAccounts("missing").users.read()).rejects.toEqual(unavailable);
    const { users } = openAccounts(table, { url: proxy.url });
    proxy.decide((request) => (isWrite(request) ? { kind: "status", status: 403 } : undefined));
    await expect(users.change(() => [newUser()])).rejects.toEqual(unavailable);
  });
});

describe("a change", () => {
  it("is given up after six seconds, however slow the table is", async () => {
    let time = 0;
    const pass = async (ms: number) => {
      time += ms;
    };
    const timing = { sleep: pass, elapsed: () => time };
    const { rows } = openAccounts(table);
    const slow: Rows = {
      ...rows,
      async write() {
        await pass(3_000);
        return "unknown";
      },
    };
    const users = createUsers({ rows: slow, checkTable: async () => {}, timing });
    await expect(users.change(() => [newUser()])).rejects.toEqual(unavailable);
    expect(time).toBeLessThan(10_000);
    time = 0;
    const change = changeCredentials(createCredentialStore(slow), randomUUID(), async () => ({ hash: "new" }), timing);
    await expect(change).rejects.toEqual(unavailable);
    expect(time).toBeLessThan(10_000);
  });
});

describe("credentials", () => {
  const full = { hash: "$argon2id$x", oneTime: { hash: "abc", expiresAt: 1_763_700_000_123 }, secretVersion: "v1" };

  it("are created, replaced under their ETag and removed", async () => {
    const { credentials } = openAccounts(table);
    const id = randomUUID();
    expect(await credentials.find(id)).toBeUndefined();
    expect(await credentials.write(id, full, undefined)).toBe(true);
    expect(await credentials.write(id, { hash: "other" }, undefined)).toBe(false);
    const found = await credentials.find(id);
    expect(found?.credentials).toEqual(full);
    expect(await credentials.write(id, { hash: "new" }, found?.etag)).toBe(true);
    expect((await credentials.find(id))?.credentials).toEqual({ hash: "new" });
    expect(await credentials.write(id, full, found?.etag)).toBe(false);
    await credentials.remove(id);
    await credentials.remove(id);
    expect(await credentials.find(id)).toBeUndefined();
  });

  it("report a write as successful whose responses were lost, and as changed when another writer was first", async () => {
    const { credentials } = openAccounts(table, { url: proxy.url });
    const id = randomUUID();
    loseWrites(2);
    expect(await credentials.write(id, full, undefined)).toBe(true);
    const etag = (await credentials.find(id))?.etag;
    await openAccounts(table).credentials.write(id, { hash: "other" }, etag);
    loseWrites();
    expect(await credentials.write(id, { hash: "mine" }, etag)).toBe(false);
  });
});
