// The law of the counter, in thousands of random schedules of several writers with lost, late and doubled attempts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CreateCounter, dayOf, simulate, vitae } from "./group-commit.simulation.ts";
import { allFaults, COUNTED_TWICE, noFaults, plans, violation } from "./group-commit-law.simulation.ts";
import { emptyTotal } from "./total.ts";
import { StoreError } from "./total-store.ts";
import type { Visit } from "./visit.ts";

describe("group commit", () => {
  it("counts each visit with a number exactly once under network, clock and machine faults", async () => {
    await fc.assert(
      fc.asyncProperty(plans(allFaults), async (plan) => {
        expect(violation(await simulate(plan, vitae))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it("counts each visit once when a writer is suspended between a write and the read after it", async () => {
    const suspended = fc.constant({ ...noFaults, suspended: 1, lostResponse: 0.6 });
    await fc.assert(
      fc.asyncProperty(plans(suspended), fc.integer({ min: 2, max: 4 }), async (plan, writers) => {
        expect(violation(await simulate({ ...plan, writers, visits: 60, span: 20 * 60_000 }, vitae))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it("responds to every visit in bounded time without faults, with up to four writers", async () => {
    await fc.assert(
      fc.asyncProperty(plans(fc.constant(noFaults)), async (plan) => {
        const outcome = await simulate(plan, vitae);
        expect(violation(outcome)).toBeUndefined();
        expect(outcome.exact.length).toBe(plan.visits);
        expect(outcome.total.count).toBe(plan.visits);
        expect(outcome.longestWaitMs).toBeLessThan(10_000);
      }),
      { numRuns: 300 },
    );
  });

  it("lets a new writer commit while another one writes all the time", async () => {
    // The same thirty seeds every time, so that the bound can be narrow: virtual milliseconds, of two thousand.
    for (let seed = 1; seed <= 30; seed++) {
      const plan = { seed, writers: 2, visits: 2_000, span: 2_000, busy: 0.99, faults: noFaults };
      const outcome = await simulate(plan, vitae);
      expect(violation(outcome)).toBeUndefined();
      expect(outcome.longestWaitMs).toBeLessThan(500);
    }
  });

  it("decides the day by the store's clock when a writer's clock is two days ahead", async () => {
    await fc.assert(
      fc.asyncProperty(plans(fc.constant({ ...noFaults, doubled: 0.2 })), async (plan) => {
        const { writes } = await simulate({ ...plan, span: 5_000 }, vitae);
        expect(new Set(writes.map(({ day }) => day))).toEqual(new Set([dayOf(Date.UTC(2026, 2, 28))]));
      }),
      { numRuns: 200 },
    );
  });
});

describe("the model", () => {
  const tryOut = (createCounter: CreateCounter) =>
    fc.check(
      fc.asyncProperty(
        plans(allFaults),
        async (plan) => violation(await simulate(plan, createCounter)) !== COUNTED_TWICE,
      ),
      { numRuns: 300, endOnFailure: true },
    );

  const counterOf = (count: () => Promise<Visit>) => ({ count, close: async () => undefined });

  /** Adds to what it reads and writes under the ETag, and repeats that after every failure. */
  const naive: CreateCounter = ({ store, sleep }) =>
    counterOf(async () => {
      for (let attempt = 0; attempt < 20; attempt++) {
        try {
          const { total, etag } = await store.read();
          const count = total.count + 1;
          await store.write({ ...total, count, dayCount: count }, etag);
          return { count, today: count };
        } catch {
          await sleep(50);
        }
      }
      throw new StoreError("transient");
    });

  /** The same, with one mark in the row that all writers share, which it looks for before it tries again. */
  const sharedMark: CreateCounter = ({ store, sleep, writer }) => {
    let visits = 0;
    return counterOf(async () => {
      const mark = `${writer}/${++visits}`;
      for (let attempt = 0; attempt < 20; attempt++) {
        try {
          const { total, etag } = await store.read();
          if (total.writers[mark]) return { count: total.count, today: 0 };
          const count = total.count + 1;
          const entry = { commit: 1, count, today: count, at: 0 };
          await store.write({ ...emptyTotal, count, dayCount: count, writers: { [mark]: entry } }, etag);
          return { count, today: count };
        } catch {
          await sleep(50);
        }
      }
      throw new StoreError("transient");
    });
  };

  it("finds the double count of a write that is repeated blindly", async () => {
    expect((await tryOut(naive)).failed).toBe(true);
  });

  it("finds the double count of one mark that all writers share", async () => {
    expect((await tryOut(sharedMark)).failed).toBe(true);
  });
});
