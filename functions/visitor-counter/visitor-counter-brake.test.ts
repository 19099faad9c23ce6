// The counter beyond its budget, against Azurite: the responses, the calls to the table, and the commit of held visits.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Fault } from "../../local/fault-proxy.fixture.ts";
import type { Meter } from "../lib/meter.ts";
import {
  countMany,
  direct,
  failWrites,
  isWrite,
  openBehindProxy,
  openCounter,
  PATIENCE,
  SHORT_CALLS,
  SHORT_WINDOW,
  setup,
  useCounter,
} from "./visitor-counter.fixture.ts";

useCounter();

const BUDGET = 3;
const visit = () => setup.counter.count(setup.page);
const total = async () => (await setup.other.read(setup.page)).count;
const lines = vi.spyOn(console, "warn");
const events = () => lines.mock.calls.map(([line]) => JSON.parse(line)).filter(({ page }) => page === setup.page);

type TripOptions = { readonly meter?: Meter; readonly windowMs?: number };

/** Uses up the budget with one commit for each visit. */
async function trip(holdMs = PATIENCE.holdMs, { meter, windowMs = PATIENCE.windowMs }: TripOptions = {}) {
  const patience = { ...PATIENCE, windowMs, holdMs };
  setup.counter = openBehindProxy({
    ...{ dailyWriteBudget: BUDGET, patience, closing: SHORT_CALLS },
    ...(meter && { meter }),
  });
  for (let count = 1; count <= BUDGET; count++) expect(await visit()).toEqual({ count, today: count });
}

beforeEach(() => {
  lines.mockReset().mockReturnValue(undefined);
});
afterEach(() => setup.counter.close());

describe("beyond the budget", () => {
  it("responds with the last committed numbers, marked as degraded, without a table call", async () => {
    await trip();
    const before = setup.proxy.calls();
    for (const visit of await countMany(500)) expect(visit).toEqual({ count: 3, today: 3, degraded: true });
    expect(setup.proxy.calls() - before).toBe(0);
    expect(await setup.counter.read(setup.page)).toMatchObject({ count: 3, today: 3 });
  });

  it("commits all held visits in one write when the time is over, and then responds with that total", async () => {
    await trip(300);
    let writes = 0;
    setup.proxy.decide((request) => {
      if (isWrite(request)) writes++;
      return undefined;
    });
    await countMany(200);
    await vi.waitFor(async () => expect(await total()).toBe(203), 30_000);
    expect(writes).toBe(1);
    await vi.waitFor(async () => expect(await visit()).toEqual({ count: 203, today: 203, degraded: true }), 30_000);
  });

  it("reads the row before it commits held visits, because the remembered one is old", async () => {
    await trip();
    await visit();
    const before = setup.proxy.calls();
    await setup.counter.close();
    expect(setup.proxy.calls() - before).toBe(2);
    expect(await total()).toBe(4);
  });

  it("logs and measures the trip of the brake once", async () => {
    const measured: unknown[][] = [];
    await trip(300, { meter: { measure: (...args) => measured.push(args) } });
    const day = (await direct.getEntity(setup.page, "total")).day;
    await countMany(4);
    await vi.waitFor(async () => expect(await total()).toBe(7), 30_000);
    expect(events()).toEqual([
      expect.objectContaining({
        level: "warn",
        message: "cost-brake-tripped",
        page: setup.page,
        day,
        writes: BUDGET,
        budget: BUDGET,
      }),
    ]);
    const attributes = { page: setup.page };
    await vi.waitFor(() => expect(measured.filter(([name]) => name === "visits")).toHaveLength(4), 30_000);
    expect(measured.filter(([name]) => name === "cost_brake_trips")).toEqual([["cost_brake_trips", 1, attributes]]);
    expect(measured.at(-2)).toEqual(["visits", 4, attributes]);
    expect(measured.at(-1)).toEqual(["counter_batch_size", 4, attributes]);
  });

  it("puts the brake on in a new instance after one read, for all visits that wait", async () => {
    await trip();
    const before = setup.proxy.calls();
    const fresh = openBehindProxy({ dailyWriteBudget: BUDGET });
    for (const visit of await countMany(100, fresh)) expect(visit).toEqual({ count: 3, today: 3, degraded: true });
    expect(await fresh.count(setup.page)).toMatchObject({ degraded: true });
    expect(setup.proxy.calls() - before).toBe(1);
    await fresh.close();
    expect(await total()).toBe(104);
  });

  it("counts the writes of all instances together", async () => {
    const two = openCounter(direct, { dailyWriteBudget: BUDGET });
    setup.counter = openBehindProxy({ dailyWriteBudget: BUDGET });
    for (const [from, count] of [
      [two, 1],
      [setup.counter, 2],
      [two, 3],
    ] as const)
      expect(await from.count(setup.page)).toEqual({ count, today: count });
    expect(await two.count(setup.page)).toMatchObject({ degraded: true });
    await two.close();
  });
});

describe("the budget", () => {
  it("counts no writes in a row of an older release, without dayWrites", async () => {
    await setup.other.count(setup.page);
    const { dayWrites, ...old } = await direct.getEntity(setup.page, "total");
    expect(dayWrites).toBe(1n);
    await direct.updateEntity(old as { partitionKey: string; rowKey: string }, "Replace");
    setup.counter = openBehindProxy({ dailyWriteBudget: 1 });
    expect(await visit()).toEqual({ count: 2, today: 2 });
    expect(await visit()).toEqual({ count: 2, today: 2, degraded: true });
    expect((await direct.getEntity(setup.page, "total")).dayWrites).toBe(1n);
  });

  it("starts again when the row is of a past day", async () => {
    await trip();
    await setup.counter.close();
    await direct.updateEntity({ partitionKey: setup.page, rowKey: "total", day: "2020-02-29" }, "Merge");
    const fresh = openBehindProxy({ dailyWriteBudget: BUDGET });
    expect(await fresh.count(setup.page)).toEqual({ count: 4, today: 1 });
    expect((await direct.getEntity(setup.page, "total")).dayWrites).toBe(1n);
  });
});

describe("held visits", () => {
  it("commits held visits on close(), after which every visit gets its own number", async () => {
    await trip();
    await countMany(7);
    await setup.counter.close();
    expect(await total()).toBe(10);
    expect(await visit()).toEqual({ count: 11, today: 11 });
  });

  it("keeps held visits while the row cannot be read, and responds degraded meanwhile", async () => {
    await trip(200, SHORT_WINDOW);
    await setup.proxy.stop();
    await countMany(5);
    await vi.waitFor(() => expect(events().at(-1)?.message).toBe("held-visits-not-committed"), 30_000);
    expect(events().at(-1)).toMatchObject({ visits: 5, error: { name: "StoreError" } });
    for (const visit of await countMany(5)) expect(visit).toEqual({ count: 3, today: 3, degraded: true });
    await setup.proxy.start();
    await vi.waitFor(async () => expect(await total()).toBe(13), 30_000);
  });

  it.each<Fault["kind"]>(["swallow", "reset-after"])(
    "counts held visits once when the response of their write is lost: %s",
    async (kind) => {
      await trip();
      await countMany(5);
      failWrites({ kind } as Fault);
      await setup.counter.close();
      expect(await total()).toBe(8);
    },
  );

  it("drops and logs held visits when their batch exhausts its time", async () => {
    await trip(200, SHORT_WINDOW);
    failWrites({ kind: "status", status: 503 }, 1_000);
    await countMany(5);
    await vi.waitFor(() => expect(events().at(-1)?.message).toBe("held-visits-dropped"), 30_000);
    expect(events().at(-1)).toMatchObject({ visits: 5, error: { name: "StoreError" } });
    await countMany(4);
    setup.proxy.decide(undefined);
    await setup.counter.close();
    expect(await total()).toBe(7);
  });
});
