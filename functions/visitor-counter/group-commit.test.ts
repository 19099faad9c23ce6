// The law of the counter, over thousands of random schedules of several writers with lost, late and doubled attempts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Contender,
  dayOf,
  type Outcome,
  type Plan,
  simulate,
  vitae,
  type Weather,
} from "./group-commit.simulation.ts";
import { StoreFailure, type Visit } from "./group-commit.ts";
import { emptyTotal } from "./total.ts";

const calm: Weather = {
  lostRequest: 0,
  lostAnswer: 0,
  late: 0,
  doubled: 0,
  throttled: 0,
  suspended: 0,
  stepped: 0,
  crashed: 0,
};
const DAY = 24 * 60 * 60_000;

const chance = (max: number) => fc.double({ min: 0, max, noNaN: true });
const plans = (weather: fc.Arbitrary<Weather>): fc.Arbitrary<Plan> =>
  fc.record({
    seed: fc.integer(),
    writers: fc.integer({ min: 1, max: 4 }),
    visits: fc.integer({ min: 1, max: 40 }),
    span: fc.constantFrom(0, 200, 5_000, 20 * 60_000, 3 * DAY),
    weather,
  });
const storm: fc.Arbitrary<Weather> = fc.record({
  lostRequest: chance(0.3),
  lostAnswer: chance(0.4),
  late: chance(0.3),
  doubled: chance(0.3),
  throttled: chance(0.2),
  suspended: chance(0.5),
  stepped: chance(1),
  crashed: chance(0.3),
});

const TWICE = "a visit was counted twice";

/** What is wrong with an outcome; undefined when nothing is. */
function fault({ answered, unanswered, total, dayRows, days }: Outcome): string | undefined {
  const numbers = answered.map(({ count }) => count);
  if (new Set(numbers).size !== numbers.length) return "a number was handed out twice";
  if (numbers.some((number) => number < 1 || number > total.count)) return "a number was never reached";
  if (total.count < answered.length) return "an answered visit was not counted";
  if (total.count > answered.length + unanswered) return TWICE;
  if (days.some((day, index) => day < (days[index - 1] ?? ""))) return "a day went back";
  const byDay = new Map(dayRows);
  for (const { day, count } of [...total.closed, { day: total.day, count: total.dayCount }]) {
    if ((byDay.get(day) ?? count) !== count) return `the row of ${day} differs from the total's`;
    byDay.set(day, count);
  }
  const sum = [...byDay.values()].reduce((a, b) => a + b, 0);
  return sum === total.count ? undefined : `the days sum up to ${sum}, the total is ${total.count}`;
}

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
        expect(outcome.unanswered).toBe(0);
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
        const { days } = await simulate({ ...plan, span: 5_000 }, vitae);
        expect(new Set(days)).toEqual(new Set([dayOf(Date.UTC(2026, 2, 28))]));
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

  /** Adds to what it reads and writes under the ETag, again after every failure. */
  const naive: Contender =
    ({ store, sleep }) =>
    async (): Promise<Visit> => {
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
    };

  /** As above, but leaves one mark that all writers share, and looks for it before it tries again. */
  const sharedMark: Contender = ({ store, sleep, writer }) => {
    let visits = 0;
    return async () => {
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
    };
  };

  it("finds what is wrong with repeating a write blindly", async () => {
    expect((await storms(naive)).failed).toBe(true);
  }, 60_000);

  it("finds what is wrong with one mark shared by all writers", async () => {
    expect((await storms(sharedMark)).failed).toBe(true);
  }, 60_000);
});
