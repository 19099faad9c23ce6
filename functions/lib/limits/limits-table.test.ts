// The shared limits against the store: exact among processes, cheap for the blocked, and cleaned up.
import { type ChildProcess, fork } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { consoleLog } from "../log.ts";
import type { Question, Told } from "./instance.simulation.ts";
import { from, limitsTable, openInstance, openProxy, passed, spend } from "./limits.simulation.ts";
import { cleanUpLimits } from "./limits-table.ts";

const MAIN = fileURLToPath(new URL("instance.simulation.ts", import.meta.url));

async function startProcess(): Promise<ChildProcess> {
  const child = fork(MAIN, { execArgv: [] });
  onTestFinished(() => void child.kill());
  await once(child, "message");
  return child;
}
async function ask(child: ChildProcess, question: Question): Promise<Told> {
  const answer = once(child, "message");
  child.send(question);
  return (await answer)[0];
}
async function rowsOf(table: ReturnType<typeof limitsTable>) {
  const rows: { partitionKey?: string; rowKey?: string; points: number }[] = [];
  for await (const row of table.listEntities<{ points: number }>()) rows.push(row);
  return rows;
}

describe("a limit that instances share", () => {
  it("lets exactly ten of many requests pass that four processes make at once", async () => {
    const processes = await Promise.all(Array.from({ length: 4 }, startProcess));
    for (const times of [1, 3, 25]) {
      const question = { account: randomUUID(), times };
      const told = await Promise.all(processes.map((child) => ask(child, question)));
      expect(told.flatMap(({ lines }) => lines)).toEqual([]);
      expect(told.reduce((sum, { passed }) => sum + passed, 0)).toBe(Math.min(10, 4 * times));
    }
  });

  it("counts each window for itself, in all instances alike", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const asker = from("203.0.113.1", { account: randomUUID() });
    const instances = [openInstance({ seconds: 60 }), openInstance({ seconds: 60 })];
    const all = () => Promise.all(instances.map((limits) => spend(limits, "secret", { asker, times: 8 })));
    for (const minute of ["12:00", "12:01", "23:59"]) {
      vi.setSystemTime(new Date(`2036-11-21T${minute}:57.5Z`));
      const rulings = (await all()).flat();
      expect(passed(rulings)).toBe(10);
      for (const { refused } of rulings) if (refused) expect(refused.retryAfter).toBe(3);
    }
  });

  it("costs one call when its window is new, and none once it refuses", async () => {
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    const limits = openInstance({ endpoint: proxy.url });
    const asker = from("203.0.113.1", { caller: randomUUID() });
    await limits.spend("keys", asker);
    expect(proxy.calls()).toBe(1);
    await spend(limits, "keys", { asker, times: 4 });
    const before = proxy.calls();
    expect(passed(await spend(limits, "keys", { asker, times: 50 }))).toBe(0);
    expect(proxy.calls()).toBe(before);
  });

  it("that another instance has used up costs the first refusal alone, and is not written again", async () => {
    const asker = from("203.0.113.1", { caller: randomUUID() });
    await spend(openInstance(), "keys", { asker, times: 5 });
    const proxy = await openProxy();
    onTestFinished(() => proxy.close());
    expect(passed(await spend(openInstance({ endpoint: proxy.url }), "keys", { asker, times: 50 }))).toBe(0);
    expect(proxy.callsByMethod()).toEqual({ POST: 1, GET: 1 });
  });

  it("leaves no address and no account to be read in the table", async () => {
    const account = `ada-${randomUUID()}@example.com`;
    const address = "203.0.113.77";
    await openInstance().spend("secret", from(address, { account }));
    const key = createHash("sha256")
      .update(`secret:${JSON.stringify({ address, account })}`)
      .digest("hex");
    const table = await rowsOf(limitsTable());
    expect(table.filter(({ partitionKey }) => partitionKey === key)).toMatchObject([{ points: 1 }]);
    expect(JSON.stringify(table)).not.toMatch(/ada-|example\.com|203\.0\.113/);
  });
});

describe("the clean-up", () => {
  const log = { ...consoleLog, info: vi.fn() };
  const removed = () => log.info.mock.calls.map(([message, fields]) => [message, fields.removed]);
  let table: ReturnType<typeof limitsTable>;
  beforeEach(async () => {
    log.info.mockClear();
    // Its own, since other tests have windows of other times.
    table = limitsTable({ table: `limits${randomUUID().replaceAll("-", "")}` });
    await table.createTable();
  });
  afterEach(() => table.deleteTable());

  it("removes windows that are over, and keeps those that another clock may still write", async () => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    const ended = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    for (const minutes of [-1, 0, 4, 6, 60, 60 * 24])
      await table.createEntity({ partitionKey: randomUUID(), rowKey: ended(minutes), points: 1 });
    await cleanUpLimits({ limitsTable: table }, { log, now });
    expect((await rowsOf(table)).map(({ rowKey }) => rowKey).sort()).toEqual([ended(4), ended(0), ended(-1)]);
    expect(removed()).toEqual([["limits-cleaned-up", 3]]);
  });

  it("removes more than a page, and bears another run at the same time", async () => {
    const rowKey = "1990-01-01T00:00:00.000Z";
    await Promise.all(
      Array.from({ length: 250 }, () => table.createEntity({ partitionKey: randomUUID(), rowKey, points: 1 })),
    );
    const run = () => cleanUpLimits({ limitsTable: table }, { log });
    await Promise.all([run(), run()]);
    expect(await rowsOf(table)).toEqual([]);
    expect(removed().reduce((sum, [, count]) => sum + count, 0)).toBe(250);
  });

  it("fails when the table does, so that the platform counts a failed run", async () => {
    const gone = limitsTable({ table: "nosuchtable" });
    await expect(cleanUpLimits({ limitsTable: gone }, { log })).rejects.toMatchObject({ statusCode: 404 });
  });
});
