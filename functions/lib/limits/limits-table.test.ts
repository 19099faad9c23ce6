// Shared limits on their table: exact across processes, no calls for rejected clients, and a clean-up.
import { type ChildProcess, fork } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { consoleLog } from "../log.ts";
import { startTableProxy } from "../test-services.fixture.ts";
import type { InstanceReport, InstanceRequest } from "./instance.fixture.ts";
import { accountKey } from "./limiter.ts";
import { consumeTimes, countAccepted, limitsTable, openInstance, subjectOf } from "./limits.fixture.ts";
import { cleanUpLimits } from "./limits-table.ts";

const MAIN = fileURLToPath(new URL("instance.fixture.ts", import.meta.url));

async function startProcess(): Promise<ChildProcess> {
  const child = fork(MAIN, { execArgv: [] });
  onTestFinished(() => void child.kill());
  await once(child, "message");
  return child;
}
async function send(child: ChildProcess, request: InstanceRequest): Promise<InstanceReport> {
  const report = once(child, "message");
  child.send(request);
  return (await report)[0];
}
async function rowsOf(table: ReturnType<typeof limitsTable>) {
  const rows: { partitionKey?: string; rowKey?: string; points: number }[] = [];
  for await (const row of table.listEntities<{ points: number }>()) rows.push(row);
  return rows;
}

describe("a shared limit", () => {
  it("accepts exactly ten of the requests that four processes send at once", async () => {
    const processes = await Promise.all(Array.from({ length: 4 }, startProcess));
    for (const times of [1, 3, 25]) {
      const request = { account: randomUUID(), times };
      const reports = await Promise.all(processes.map((child) => send(child, request)));
      expect(reports.flatMap(({ lines }) => lines)).toEqual([]);
      expect(reports.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(Math.min(10, 4 * times));
    }
  });

  it("counts each window separately, and alike in all instances", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const subject = subjectOf("203.0.113.1", { account: randomUUID() });
    const instances = [openInstance({ seconds: 60 }), openInstance({ seconds: 60 })];
    const all = () => Promise.all(instances.map((limits) => consumeTimes(limits, "secret", { subject, times: 8 })));
    for (const minute of ["12:00", "12:01", "23:59"]) {
      vi.setSystemTime(new Date(`2036-11-21T${minute}:57.5Z`));
      const results = (await all()).flat();
      expect(countAccepted(results)).toBe(10);
      for (const { rejection } of results) if (rejection) expect(rejection.retryAfter).toBe(3);
    }
  });

  it("costs one table call in a new window, and none once it rejects", async () => {
    const proxy = await startTableProxy();
    onTestFinished(() => proxy.close());
    const limits = openInstance({ endpoint: proxy.url });
    const subject = subjectOf("203.0.113.1", { caller: randomUUID() });
    await limits.consume("keys", subject);
    expect(proxy.calls()).toBe(1);
    await consumeTimes(limits, "keys", { subject, times: 4 });
    const before = proxy.calls();
    expect(countAccepted(await consumeTimes(limits, "keys", { subject, times: 50 }))).toBe(0);
    expect(proxy.calls()).toBe(before);
  });

  it("costs two table calls and no write when another instance has used up the quota", async () => {
    const subject = subjectOf("203.0.113.1", { caller: randomUUID() });
    await consumeTimes(openInstance(), "keys", { subject, times: 5 });
    const proxy = await startTableProxy();
    onTestFinished(() => proxy.close());
    expect(
      countAccepted(await consumeTimes(openInstance({ endpoint: proxy.url }), "keys", { subject, times: 50 })),
    ).toBe(0);
    expect(proxy.callsByMethod()).toEqual({ POST: 1, GET: 1 });
  });

  it("stores no address and no account name in its table, and one key for all spellings of the name", async () => {
    const account = ` Ada-${randomUUID()}@Example.com`;
    const address = "203.0.113.77";
    await openInstance().consume("secret", subjectOf(address, { account }));
    const key = createHash("sha256")
      .update(`secret:${JSON.stringify({ address, account: accountKey(account.trim().toLowerCase()) })}`)
      .digest("hex");
    const table = await rowsOf(limitsTable());
    expect(table.filter(({ partitionKey }) => partitionKey === key)).toMatchObject([{ points: 1 }]);
    expect(JSON.stringify(table)).not.toMatch(/ada-|example\.com|203\.0\.113/i);
  });
});

describe("cleanUpLimits", () => {
  const runMs = 60_000;
  const log = { ...consoleLog, info: vi.fn() };
  const removed = () => log.info.mock.calls.map(([message, fields]) => [message, fields.removed]);
  let table: ReturnType<typeof limitsTable>;
  beforeEach(async () => {
    log.info.mockClear();
    // A table of its own, since other tests write windows of other times.
    table = limitsTable({ table: `limits${randomUUID().replaceAll("-", "")}` });
    await table.createTable();
  });
  afterEach(() => table.deleteTable());
  /** Expired windows, in one partition, so that few calls create them. */
  async function createWindows(count: number) {
    const ended = Date.parse("1990-01-01T00:00:00.000Z");
    const rows = Array.from({ length: count }, (_, index) => ({
      partitionKey: "one",
      rowKey: new Date(ended + index).toISOString(),
      points: 1,
    }));
    for (let at = 0; at < count; at += 100)
      await table.submitTransaction(rows.slice(at, at + 100).map((row) => ["create", row]));
  }

  it("deletes expired windows, and keeps those that another instance may still write", async () => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    const ended = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    for (const minutes of [-1, 0, 4, 6, 60, 60 * 24])
      await table.createEntity({ partitionKey: randomUUID(), rowKey: ended(minutes), points: 1 });
    await cleanUpLimits({ limitsTable: table }, { log, runMs, now });
    expect((await rowsOf(table)).map(({ rowKey }) => rowKey).sort()).toEqual([ended(4), ended(0), ended(-1)]);
    expect(removed()).toEqual([["limits-cleaned-up", 3]]);
  });

  it("deletes more than one page, also while another run does the same", async () => {
    await createWindows(220);
    const run = () => cleanUpLimits({ limitsTable: table }, { log, runMs });
    await Promise.all([run(), run()]);
    expect(await rowsOf(table)).toEqual([]);
    expect(removed().reduce((sum, [, count]) => sum + count, 0)).toBe(220);
  });

  it("starts no further page when its time is over, and leaves the rest to the next run", async () => {
    await createWindows(150);
    for (const left of [50, 0]) {
      await cleanUpLimits({ limitsTable: table }, { log, runMs: 0 });
      expect(await rowsOf(table)).toHaveLength(left);
    }
  });

  it("rejects when the table fails, so that the platform records a failed run", async () => {
    const gone = limitsTable({ table: "nosuchtable" });
    await expect(cleanUpLimits({ limitsTable: gone }, { log, runMs })).rejects.toMatchObject({ statusCode: 404 });
  });
});
