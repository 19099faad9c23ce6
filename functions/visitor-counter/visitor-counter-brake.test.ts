// The counter beyond its budget, against Azurite: what visitors are told, what the store is asked, and what is kept.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Fault } from "../../local/fault-proxy.fixture.ts";
import type { Meter } from "../lib/meter.ts";
import {
  direct,
  failWrites,
  isWrite,
  many,
  open,
  openBehindProxy,
  PATIENCE,
  scene,
  setTheScene,
} from "./visitor-counter.simulation.ts";

setTheScene();

const BUDGET = 3;
const visit = () => scene.counter.count(scene.page);
const total = async () => (await scene.other.read(scene.page)).count;
const lines = vi.spyOn(console, "warn");
const events = () => lines.mock.calls.map(([line]) => JSON.parse(line)).filter(({ page }) => page === scene.page);

/** Uses up the budget, one commit a visit. */
async function trip(holdMs = PATIENCE.holdMs, meter?: Meter) {
  const patience = { ...PATIENCE, holdMs };
  scene.counter = openBehindProxy({ dailyWriteBudget: BUDGET, patience, ...(meter && { meter }) });
  for (let count = 1; count <= BUDGET; count++) expect(await visit()).toEqual({ count, today: count });
}

beforeEach(() => {
  lines.mockReset().mockReturnValue(undefined);
});
afterEach(() => scene.counter.close());

describe("beyond the budget", () => {
  it("answers the last committed numbers, marked, and asks the store for nothing", async () => {
    await trip();
    const before = scene.proxy.calls();
    for (const told of await many(500)) expect(told).toEqual({ count: 3, today: 3, degraded: true });
    expect(scene.proxy.calls() - before).toBe(0);
    expect(await scene.counter.read(scene.page)).toEqual({ count: 3, today: 3 });
  });

  it("commits all that came in one write when the time is over, and from then on tells that total", async () => {
    await trip(300);
    let writes = 0;
    scene.proxy.decide((request) => {
      if (isWrite(request)) writes++;
      return undefined;
    });
    await many(200);
    await vi.waitFor(async () => expect(await total()).toBe(203), 10_000);
    expect(writes).toBe(1);
    await vi.waitFor(async () => expect(await visit()).toEqual({ count: 203, today: 203, degraded: true }));
  });

  it("reads first, as the row it remembers is old by then", async () => {
    await trip();
    await visit();
    const before = scene.proxy.calls();
    await scene.counter.close();
    expect(scene.proxy.calls() - before).toBe(2);
    expect(await total()).toBe(4);
  });

  it("tells so once, in the log and to the meter", async () => {
    const measured: unknown[][] = [];
    await trip(300, { measure: (...given) => measured.push(given) });
    const day = (await direct.getEntity(scene.page, "total")).day;
    await many(4);
    await vi.waitFor(async () => expect(await total()).toBe(7), 10_000);
    expect(events()).toEqual([
      expect.objectContaining({
        level: "warn",
        message: "cost-brake-tripped",
        page: scene.page,
        day,
        writes: BUDGET,
        budget: BUDGET,
      }),
    ]);
    const attributes = { page: scene.page };
    await vi.waitFor(() => expect(measured.filter(([name]) => name === "visits")).toHaveLength(4));
    expect(measured.filter(([name]) => name === "cost_brake_trips")).toEqual([["cost_brake_trips", 1, attributes]]);
    expect(measured.at(-2)).toEqual(["visits", 4, attributes]);
    expect(measured.at(-1)).toEqual(["counter_batch_size", 4, attributes]);
  });

  it("is found by an instance that just started with one read, however many visits come", async () => {
    await trip();
    const before = scene.proxy.calls();
    const fresh = openBehindProxy({ dailyWriteBudget: BUDGET });
    for (const told of await many(100, fresh)) expect(told).toEqual({ count: 3, today: 3, degraded: true });
    expect(await fresh.count(scene.page)).toMatchObject({ degraded: true });
    expect(scene.proxy.calls() - before).toBe(1);
    await fresh.close();
    expect(await total()).toBe(104);
  });

  it("counts the writes of all instances together", async () => {
    const two = open(direct, { dailyWriteBudget: BUDGET });
    scene.counter = openBehindProxy({ dailyWriteBudget: BUDGET });
    for (const [from, count] of [
      [two, 1],
      [scene.counter, 2],
      [two, 3],
    ] as const)
      expect(await from.count(scene.page)).toEqual({ count, today: count });
    expect(await two.count(scene.page)).toMatchObject({ degraded: true });
    await two.close();
  });
});

describe("a row", () => {
  it("of an older release, without a number of writes, has had none", async () => {
    await scene.other.count(scene.page);
    const { dayWrites, ...old } = await direct.getEntity(scene.page, "total");
    expect(dayWrites).toBe(1n);
    await direct.updateEntity(old as { partitionKey: string; rowKey: string }, "Replace");
    scene.counter = openBehindProxy({ dailyWriteBudget: 1 });
    expect(await visit()).toEqual({ count: 2, today: 2 });
    expect(await visit()).toEqual({ count: 2, today: 2, degraded: true });
    expect((await direct.getEntity(scene.page, "total")).dayWrites).toBe(1n);
  });

  it("of a day that is over brakes nothing", async () => {
    await trip();
    await scene.counter.close();
    await direct.updateEntity({ partitionKey: scene.page, rowKey: "total", day: "2020-02-29" }, "Merge");
    const fresh = openBehindProxy({ dailyWriteBudget: BUDGET });
    expect(await fresh.count(scene.page)).toEqual({ count: 4, today: 1 });
    expect((await direct.getEntity(scene.page, "total")).dayWrites).toBe(1n);
  });
});

describe("what is held", () => {
  it("is committed by close(), after which visits are counted before they are answered", async () => {
    await trip();
    await many(7);
    await scene.counter.close();
    expect(await total()).toBe(10);
    expect(await visit()).toEqual({ count: 11, today: 11 });
  });

  it("is kept while the store is down, and visitors notice nothing", async () => {
    await trip(200);
    await scene.proxy.stop();
    await many(5);
    await vi.waitFor(() => expect(events().at(-1)?.message).toBe("held-visits-not-committed"), 10_000);
    expect(events().at(-1)).toMatchObject({ visits: 5, error: { name: "StoreFailure" } });
    for (const told of await many(5)) expect(told).toEqual({ count: 3, today: 3, degraded: true });
    await scene.proxy.start();
    await vi.waitFor(async () => expect(await total()).toBe(13), 20_000);
  });

  it.each<Fault["kind"]>(["swallow", "reset-after"])(
    "is not counted twice when the answer is lost: %s",
    async (kind) => {
      await trip();
      await many(5);
      failWrites({ kind } as Fault);
      await scene.counter.close();
      expect(await total()).toBe(8);
    },
  );

  it("is committed in order, all of it, when an earlier batch did not get through", async () => {
    await trip(200);
    failWrites({ kind: "status", status: 503 }, 1_000);
    await many(5);
    await vi.waitFor(() => expect(events().at(-1)?.message).toBe("held-visits-not-committed"), 10_000);
    await many(4);
    scene.proxy.decide(undefined);
    await scene.counter.close();
    expect(await total()).toBe(12);
    expect(Object.values(JSON.parse((await direct.getEntity(scene.page, "total")).writers as string))).toMatchObject([
      { commit: BUDGET + 2 },
    ]);
  });
});
