// The counter against Azurite behind a proxy that loses, delays and rejects calls.
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Fault } from "../../local/fault-proxy.fixture.ts";
import {
  countMany,
  failWrites,
  isWrite,
  numbers,
  openBehindProxy,
  openCounter,
  SHORT_CALLS,
  SHORT_WINDOW,
  setup,
  tableAt,
  upTo,
  useCounter,
} from "./visitor-counter.fixture.ts";

useCounter();

const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });

const callBriefly = () => {
  setup.counter = openBehindProxy({ patience: SHORT_CALLS });
};

describe("lost responses", () => {
  beforeEach(callBriefly);

  it.each<Fault["kind"]>(["swallow", "reset-after"])(
    "finds a batch in the row and does not repeat it: %s",
    async (kind) => {
      await setup.counter.count(setup.page);
      failWrites({ kind } as Fault);
      expect(numbers(await countMany(20))).toEqual(upTo(21).slice(1));
      expect((await setup.other.read(setup.page)).count).toBe(21);
    },
  );

  it("finds a batch in the row that it created", async () => {
    failWrites({ kind: "swallow" });
    expect(await setup.counter.count(setup.page)).toEqual({ count: 1, today: 1 });
    expect((await setup.other.read(setup.page)).count).toBe(1);
  });

  it("finds a batch after another instance has committed", async () => {
    await setup.counter.count(setup.page);
    let lost = false;
    setup.proxy.decide((request) => {
      if (!isWrite(request) || lost) return undefined;
      lost = true;
      return { kind: "swallow" };
    });
    const waiting = setup.counter.count(setup.page);
    await vi.waitFor(async () => expect((await setup.other.read(setup.page)).count).toBe(2), 30_000);
    expect(await setup.other.count(setup.page)).toEqual({ count: 3, today: 3 });
    expect(await waiting).toEqual({ count: 2, today: 2 });
    expect((await setup.other.read(setup.page)).count).toBe(3);
  });

  it.each([1, 3])("finds a batch after %i lost responses", async (times) => {
    failWrites({ kind: "reset-after" }, times);
    await countMany(5);
    expect((await setup.other.read(setup.page)).count).toBe(5);
  });
});

describe("late writes", () => {
  beforeEach(callBriefly);

  /** Delays the first write until the returned function is called, also after its client has given up. */
  function holdFirstWrite() {
    const { promise, resolve } = Promise.withResolvers<void>();
    let held = false;
    setup.proxy.decide((request) => {
      if (!isWrite(request) || held) return undefined;
      held = true;
      return { kind: "hold", until: promise };
    });
    return resolve;
  }

  it("counts a batch once when its first write arrives after the second", async () => {
    await setup.counter.count(setup.page);
    const release = holdFirstWrite();
    expect(await setup.counter.count(setup.page)).toEqual({ count: 2, today: 2 });
    release();
    await vi.waitFor(() => expect(setup.proxy.held()).toBe(0), 30_000);
    expect(await setup.counter.count(setup.page)).toEqual({ count: 3, today: 3 });
    expect((await setup.other.read(setup.page)).count).toBe(3);
  });

  it("finds a batch whose first write arrives between the read and the second attempt", async () => {
    await setup.counter.count(setup.page);
    const { promise, resolve } = Promise.withResolvers<void>();
    let writes = 0;
    setup.proxy.decide((request) => {
      if (!isWrite(request)) return undefined;
      writes++;
      if (writes === 1) return { kind: "hold", until: promise };
      if (writes > 2) return undefined;
      // The second attempt waits until the first has been applied.
      resolve();
      return {
        kind: "hold",
        until: vi.waitFor(async () => expect((await setup.other.read(setup.page)).count).toBe(2), 30_000),
      };
    });
    expect(await setup.counter.count(setup.page)).toEqual({ count: 2, today: 2 });
    expect((await setup.other.read(setup.page)).count).toBe(2);
  });

  it("counts only visits with an error response when a write arrives after its batch was given up", async () => {
    setup.counter = openBehindProxy({ patience: { ...SHORT_WINDOW, callMs: SHORT_CALLS.callMs } });
    await setup.other.count(setup.page);
    const { promise, resolve } = Promise.withResolvers<void>();
    let first = true;
    setup.proxy.decide((request) => {
      if (!isWrite(request)) return undefined;
      if (!first) return { kind: "drop" };
      first = false;
      return { kind: "hold", until: promise };
    });
    await expect(setup.counter.count(setup.page)).rejects.toEqual(unavailable);
    resolve();
    await vi.waitFor(async () => expect((await setup.other.read(setup.page)).count).toBe(2), 30_000);
    expect(await setup.other.count(setup.page)).toEqual({ count: 3, today: 3 });
  });
});

describe("a failing table", () => {
  it.each<[string, number, Fault]>([
    ["throttles with Retry-After", 1, { kind: "status", status: 429, retryAfter: 1 }],
    ["responds 503", 2, { kind: "status", status: 503 }],
    ["responds 408", 2, { kind: "status", status: 408 }],
    ["responds 410, as Cosmos DB does while it moves a partition", 2, { kind: "status", status: 410 }],
    ["responds 449, as Cosmos DB does under contention", 2, { kind: "status", status: 449 }],
    ["responds with a status that it does not document", 2, { kind: "status", status: 418 }],
    ["responds late", 2, { kind: "delay", ms: 500 }],
    ["drops connections", 2, { kind: "drop" }],
    ["resets connections", 2, { kind: "reset-before" }],
  ])("loses no visit when the table %s for a while", async (_, times, fault) => {
    callBriefly();
    failWrites(fault, times);
    expect(numbers(await countMany(10))).toEqual(upTo(10));
    expect((await setup.other.read(setup.page)).count).toBe(10);
  });

  it("rejects all waiting visits with DEPENDENCY_UNAVAILABLE, and needs no restart afterwards", async () => {
    setup.counter = openBehindProxy({ patience: SHORT_WINDOW });
    await setup.counter.count(setup.page);
    await setup.proxy.stop();
    const outcomes = await Promise.allSettled([
      setup.counter.count(setup.page),
      setup.counter.count(setup.page),
      setup.counter.read(setup.page),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: unavailable });
    await setup.proxy.start();
    expect(await setup.counter.count(setup.page)).toEqual({ count: 2, today: 2 });
  });

  it("returns the table's Retry-After when it exceeds the time of a batch", async () => {
    failWrites({ kind: "status", status: 429, retryAfter: 120 });
    await expect(setup.counter.count(setup.page)).rejects.toMatchObject({ headers: { "Retry-After": "120" } });
  });

  it.each([400, 401, 403, 413])("rejects a visit without a second write after %i", async (status) => {
    await setup.counter.count(setup.page);
    const before = setup.proxy.calls();
    failWrites({ kind: "status", status }, Number.POSITIVE_INFINITY);
    await expect(setup.counter.count(setup.page)).rejects.toEqual(unavailable);
    expect(setup.proxy.calls() - before).toBe(1);
  });

  it("rejects reads and visits with DEPENDENCY_UNAVAILABLE when the table does not exist", async () => {
    const counter = openCounter(tableAt(setup.proxy.url, "missing"));
    await expect(counter.read(setup.page)).rejects.toEqual(unavailable);
    await expect(counter.count(setup.page)).rejects.toEqual(unavailable);
    await expect(counter.seed(setup.page, 1)).rejects.toEqual(unavailable);
  });

  it("rejects visits beyond 10,000 waiting ones", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    setup.proxy.decide(() => ({ kind: "hold", until: promise }));
    const outcomes = Promise.allSettled(Array.from({ length: 10_001 }, () => setup.counter.count(setup.page)));
    await vi.waitFor(() => expect(setup.proxy.held()).toBeGreaterThan(0), 30_000);
    await expect(setup.counter.count(setup.page)).rejects.toEqual(unavailable);
    setup.proxy.decide(undefined);
    resolve();
    const rejected = (await outcomes).filter(({ status }) => status === "rejected");
    expect(rejected.length).toBe(1);
    expect((await setup.other.read(setup.page)).count).toBe(10_000);
  });
});
