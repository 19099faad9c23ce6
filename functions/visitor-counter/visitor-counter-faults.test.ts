// The counter against Azurite behind a proxy that loses, delays and refuses.
import { describe, expect, it, vi } from "vitest";
import type { Fault } from "../../local/fault-proxy.fixture.ts";
import { failWrites, isWrite, many, numbers, scene, setTheScene, upTo } from "./visitor-counter.simulation.ts";

setTheScene();

const unavailable = expect.objectContaining({ code: "DEPENDENCY_UNAVAILABLE" });

describe("a write whose answer is lost", () => {
  it.each<Fault["kind"]>(["swallow", "reset-after"])("is found in the row, not repeated: %s", async (kind) => {
    await scene.counter.count(scene.page);
    failWrites({ kind } as Fault);
    expect(numbers(await many(20))).toEqual(upTo(21).slice(1));
    expect((await scene.counter.read(scene.page)).count).toBe(21);
  });

  it("is found even when it created the row", async () => {
    failWrites({ kind: "swallow" });
    expect(await scene.counter.count(scene.page)).toEqual({ count: 1, today: 1 });
    expect((await scene.counter.read(scene.page)).count).toBe(1);
  });

  it("is found even when another instance commits before the row is read again", async () => {
    await scene.counter.count(scene.page);
    let lost = false;
    scene.proxy.decide((request) => {
      if (!isWrite(request) || lost) return undefined;
      lost = true;
      return { kind: "swallow" };
    });
    const waiting = scene.counter.count(scene.page);
    await vi.waitFor(async () => expect((await scene.other.read(scene.page)).count).toBe(2));
    expect(await scene.other.count(scene.page)).toEqual({ count: 3, today: 3 });
    expect(await waiting).toEqual({ count: 2, today: 2 });
    expect((await scene.other.read(scene.page)).count).toBe(3);
  });

  it.each([1, 3])("is found after %i lost answers in a row", async (times) => {
    failWrites({ kind: "reset-after" }, times);
    await many(5);
    expect((await scene.other.read(scene.page)).count).toBe(5);
  });
});

describe("a write that comes late", () => {
  /** Holds the first write back until `release`, whatever its client does meanwhile. */
  function holdFirstWrite() {
    const { promise, resolve } = Promise.withResolvers<void>();
    let held = false;
    scene.proxy.decide((request) => {
      if (!isWrite(request) || held) return undefined;
      held = true;
      return { kind: "hold", until: promise };
    });
    return resolve;
  }

  it("after the second attempt changes nothing", async () => {
    await scene.counter.count(scene.page);
    const release = holdFirstWrite();
    expect(await scene.counter.count(scene.page)).toEqual({ count: 2, today: 2 });
    release();
    await vi.waitFor(() => expect(scene.proxy.held()).toBe(0));
    expect(await scene.counter.count(scene.page)).toEqual({ count: 3, today: 3 });
    expect((await scene.other.read(scene.page)).count).toBe(3);
  });

  it("between the re-read and the second attempt is found by the attempt after", async () => {
    await scene.counter.count(scene.page);
    const { promise, resolve } = Promise.withResolvers<void>();
    let writes = 0;
    scene.proxy.decide((request) => {
      if (!isWrite(request)) return undefined;
      writes++;
      if (writes === 1) return { kind: "hold", until: promise };
      if (writes > 2) return undefined;
      // The second attempt waits until the first has been applied.
      resolve();
      return {
        kind: "hold",
        until: vi.waitFor(async () => expect((await scene.other.read(scene.page)).count).toBe(2)),
      };
    });
    expect(await scene.counter.count(scene.page)).toEqual({ count: 2, today: 2 });
    expect((await scene.other.read(scene.page)).count).toBe(2);
  });

  it("after the batch was given up counts only visits that were answered with an error", async () => {
    await scene.counter.count(scene.page);
    const { promise, resolve } = Promise.withResolvers<void>();
    let first = true;
    scene.proxy.decide((request) => {
      if (isWrite(request) && first) {
        first = false;
        return { kind: "hold", until: promise };
      }
      return { kind: "drop" };
    });
    await expect(scene.counter.count(scene.page)).rejects.toEqual(unavailable);
    resolve();
    await vi.waitFor(async () => expect((await scene.other.read(scene.page)).count).toBe(2));
    scene.proxy.decide(undefined);
    expect(await scene.counter.count(scene.page)).toEqual({ count: 3, today: 3 });
  });
});

describe("a store in trouble", () => {
  it.each<[string, number, Fault]>([
    ["throttles with Retry-After", 1, { kind: "status", status: 429, retryAfter: 1 }],
    ["answers 503", 2, { kind: "status", status: 503 }],
    ["answers late", 2, { kind: "delay", ms: 500 }],
    ["drops connections", 2, { kind: "drop" }],
    ["resets connections", 2, { kind: "reset-before" }],
  ])("loses no visit when it %s for a while", async (_, times, fault) => {
    failWrites(fault, times);
    expect(numbers(await many(10))).toEqual(upTo(10));
    expect((await scene.other.read(scene.page)).count).toBe(10);
  });

  it("answers DEPENDENCY_UNAVAILABLE while it is down, to those who wait too, and needs no restart", async () => {
    await scene.counter.count(scene.page);
    await scene.proxy.stop();
    const outcomes = await Promise.allSettled([
      scene.counter.count(scene.page),
      scene.counter.count(scene.page),
      scene.counter.read(scene.page),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: unavailable });
    await scene.proxy.start();
    expect(await scene.counter.count(scene.page)).toEqual({ count: 2, today: 2 });
  });

  it("passes on how long a store asks to wait when that is longer than it has patience", async () => {
    failWrites({ kind: "status", status: 429, retryAfter: 120 });
    await expect(scene.counter.count(scene.page)).rejects.toMatchObject({ headers: { "Retry-After": "120" } });
  });

  it("gives up at once when the store will not rather than cannot", async () => {
    failWrites({ kind: "status", status: 403 });
    await expect(scene.counter.count(scene.page)).rejects.toEqual(unavailable);
  });

  it("refuses visits beyond the bound of its queue", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    scene.proxy.decide(() => ({ kind: "hold", until: promise }));
    const outcomes = Promise.allSettled(Array.from({ length: 10_001 }, () => scene.counter.count(scene.page)));
    await vi.waitFor(() => expect(scene.proxy.held()).toBeGreaterThan(0));
    await expect(scene.counter.count(scene.page)).rejects.toEqual(unavailable);
    scene.proxy.decide(undefined);
    resolve();
    const refused = (await outcomes).filter(({ status }) => status === "rejected");
    expect(refused.length).toBe(1);
    expect((await scene.other.read(scene.page)).count).toBe(10_000);
  });
});
