// The law of the counter, over thousands of random schedules of several writers with lost, late and doubled attempts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Contender, dayOf, simulate, vitae } from "./group-commit.simulation.ts";
import type { Visit } from "./group-commit.ts";
import { calm, fault, plans, storm, TWICE } from "./group-commit-law.simulation.ts";
import { emptyTotal } from "./total.ts";
import { StoreFailure } from "./total-store.ts";

describe("group commit", () => {
  it("counts every answered visit exactly once, whatever the network, the clocks and the machines do", async () => {
    await fc.assert(
      fc.asyncProperty(plans(storm), async (plan) => {
        expect(fault(await simulate(plan, vitae))).toBeUndefined();
      }),
      { numRuns: 6_000 },
    );
  }, 60_000);

  it("answers every visit when nothing fails, in bounded time, also among four writers", async () => {
    await fc.assert(
      fc.asyncProperty(plans(fc.constant(calm)), async (plan) => {
        const outcome = await simulate(plan, vitae);
        expect(fault(outcome)).toBeUndefined();
        expect(outcome.answered.length).toBe(plan.visits);
        expect(outcome.total.count).toBe(plan.visits);
        expect(outcome.longestWaitMs).toBeLessThan(10_000);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it("lets a newcomer in beside a writer that always has something to write", async () => {
    // The same thirty worlds every time, so that the bound can be narrow: virtual milliseconds, of two thousand.
    for (let seed = 1; seed <= 30; seed++) {
      const plan = { seed, writers: 2, visits: 2_000, span: 2_000, busy: 0.99, weather: calm };
      const outcome = await simulate(plan, vitae);
      expect(fault(outcome)).toBeUndefined();
      expect(outcome.longestWaitMs).toBeLessThan(500);
    }
  }, 60_000);

  it("moves the day forward by the store's clock, not by that of a writer two days ahead", async () => {
    await fc.assert(
      fc.asyncProperty(plans(fc.constant({ ...calm, doubled: 0.2 })), async (plan) => {
        const { writes } = await simulate({ ...plan, span: 5_000 }, vitae);
        expect(new Set(writes.map(({ day }) => day))).toEqual(new Set([dayOf(Date.UTC(2026, 2, 28))]));
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});

describe("the model", () => {
  const storms = (contender: Contender) =>
    fc.check(
      fc.asyncProperty(plans(storm), async (plan) => fault(await simulate(plan, contender)) !== TWICE),
      { numRuns: 300, endOnFailure: true },
    );

  const alone = (count: () => Promise<Visit>) => ({ count, close: async () => undefined });

  /** Adds to what it reads and writes under the ETag, again after every failure. */
  const naive: Contender = ({ store, sleep }) =>
    alone(async () => {
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
      throw new StoreFailure("unknown");
    });

  /** As above, but leaves one mark that all writers share, and looks for it before it tries again. */
  const sharedMark: Contender = ({ store, sleep, writer }) => {
    let visits = 0;
    return alone(async () => {
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
      throw new StoreFailure("unknown");
    });
  };

  it("finds what is wrong with repeating a write blindly", async () => {
    expect((await storms(naive)).failed).toBe(true);
  }, 60_000);

  it("finds what is wrong with one mark shared by all writers", async () => {
    expect((await storms(sharedMark)).failed).toBe(true);
  }, 60_000);
});
