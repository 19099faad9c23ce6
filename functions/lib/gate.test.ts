// The gate: never over its capacity, first come first served, and bounded waits.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createGate, type Patience, type RunOptions } from "./gate.ts";

const patient: Patience = { maxWaiting: 1_000, maxWaitMs: 60_000 };
const busy = { code: "DEPENDENCY_UNAVAILABLE", isBusy: true, headers: { "Retry-After": "10" } };

/** Jobs that run until `end` is called. */
function createJobs(gate: ReturnType<typeof createGate>) {
  const started: number[] = [];
  const ends = new Map<number, (error?: Error) => void>();
  return {
    started,
    running: () => [...ends.keys()],
    submit(id: number, weight: number, patience = patient, options?: RunOptions) {
      const work = () => {
        started.push(id);
        return new Promise<number>((resolve, reject) => {
          ends.set(id, (error) => {
            ends.delete(id);
            error ? reject(error) : resolve(id);
          });
        });
      };
      return gate.run(weight, patience, work, options);
    },
    end: (id: number, error?: Error) => ends.get(id)?.(error),
  };
}
const settle = () => new Promise(setImmediate);

describe("createGate", () => {
  it("the gate never exceeds weight and number, starts jobs in order, and starts all of them", async () => {
    const job = fc.record({ weight: fc.integer({ min: 1, max: 130 }), fails: fc.boolean() });
    const step = fc.oneof(job, fc.nat(5));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (steps, maxRunning) => {
        const jobs = createJobs(createGate({ name: "jobs", capacity: 100, maxRunning }));
        const submitted: { weight: number; fails: boolean }[] = [];
        const results: Promise<string>[] = [];
        const end = (index: number) => {
          const id = jobs.running()[index % Math.max(1, jobs.running().length)];
          if (id !== undefined) jobs.end(id, submitted[id]?.fails ? new Error("failed") : undefined);
        };
        async function check() {
          await settle();
          const weights = jobs.running().map((id) => Math.min(100, submitted[id]?.weight ?? 0));
          expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(100);
          expect(weights.length).toBeLessThanOrEqual(maxRunning);
        }
        for (const each of steps) {
          if (typeof each === "number") end(each);
          else {
            const result = jobs.submit(submitted.push(each) - 1, each.weight);
            results.push(
              result.then(
                () => "done",
                () => "failed",
              ),
            );
          }
          await check();
        }
        while (jobs.running().length > 0) {
          end(0);
          await check();
        }
        expect(jobs.started).toEqual(submitted.map((_, id) => id));
        expect(await Promise.all(results)).toEqual(submitted.map(({ fails }) => (fails ? "failed" : "done")));
      }),
      { numRuns: 100 },
    );
  });

  it("the gate lets no light job overtake a heavy one", async () => {
    const jobs = createJobs(createGate({ name: "jobs", capacity: 10 }));
    jobs.submit(0, 6);
    jobs.submit(1, 9);
    jobs.submit(2, 1);
    await settle();
    expect(jobs.started).toEqual([0]);
    jobs.end(0);
    await settle();
    expect(jobs.started).toEqual([0, 1, 2]);
  });

  it("the gate runs a job alone that is heavier than its capacity or must run alone", async () => {
    const jobs = createJobs(createGate({ name: "jobs", capacity: 10 }));
    jobs.submit(0, 50);
    jobs.submit(1, 1, patient, { isAlone: true });
    jobs.submit(2, 1);
    for (const running of [[0], [1], [2]]) {
      await settle();
      expect(jobs.running()).toEqual(running);
      jobs.end(running[0] as number);
    }
  });

  it("the gate rejects a job at once with Retry-After when the queue is full", async () => {
    const jobs = createJobs(createGate({ name: "jobs", capacity: 10, maxRunning: 1 }));
    const short = { ...patient, maxWaiting: 1 };
    const first = jobs.submit(0, 1, short);
    const second = jobs.submit(1, 1, short);
    await expect(jobs.submit(2, 1, short)).rejects.toMatchObject(busy);
    jobs.end(0);
    expect(await first).toBe(0);
    jobs.end(1);
    expect(await second).toBe(1);
    expect(jobs.started).toEqual([0, 1]);
  });

  it("the gate runs a job of a caller that does not wait while nothing else runs", async () => {
    const gate = createGate({ name: "jobs", capacity: 10, maxRunning: 1 });
    expect(await gate.run(1, { maxWaiting: 0, maxWaitMs: 1 }, async () => "done")).toBe("done");
  });
});

describe("wait", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("the gate rejects a job that waits too long with Retry-After, and starts those behind it", async () => {
    const jobs = createJobs(createGate({ name: "jobs", capacity: 10 }));
    jobs.submit(0, 6);
    const heavy = jobs.submit(1, 9, { ...patient, maxWaitMs: 1_000 });
    jobs.submit(2, 1);
    const rejected = expect(heavy).rejects.toMatchObject(busy);
    await vi.advanceTimersByTimeAsync(999);
    expect(jobs.started).toEqual([0]);
    await vi.advanceTimersByTimeAsync(1);
    await rejected;
    expect(jobs.started).toEqual([0, 2]);
    jobs.end(0);
    await vi.runAllTimersAsync();
    expect(jobs.started).toEqual([0, 2]);
  });

  it("the gate keeps no timer of a job that has started", async () => {
    const gate = createGate({ name: "jobs", capacity: 10 });
    await gate.run(1, patient, async () => undefined);
    expect(vi.getTimerCount()).toBe(0);
  });
});
