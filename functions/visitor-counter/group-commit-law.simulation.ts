// The plans of the model, and the law that every outcome of a plan obeys.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { DayNumbers } from "./day-rows.ts";
import { daysOf, type Total } from "./total.ts";
import { type CountedVisits, violationOfUniques } from "./uniques-law.simulation.ts";

export const DAY = 24 * 60 * 60_000;

/** Probabilities. */
export type Faults = {
  readonly lostRequest: number;
  readonly lostResponse: number;
  /** A request that arrives long after its client has given up. */
  readonly late: number;
  /** A request that is delivered twice, the second time late. */
  readonly doubled: number;
  readonly throttled: number;
  /** A read that returns the row as it was up to fifteen minutes ago. */
  readonly staleRead: number;
  /** A writer that is suspended for up to twenty minutes. */
  readonly suspended: number;
  /** A wall clock that is stepped once, by up to an hour. */
  readonly stepped: number;
  /** A writer that loses all requests, all responses or all writes for up to twenty minutes. */
  readonly cutOff: number;
  readonly crashed: number;
  /** A writer that the platform shuts down in order: it gets no more visits, and may finish. */
  readonly terminated: number;
};

export type Plan = {
  readonly seed: number;
  readonly writers: number;
  readonly visits: number;
  /** Milliseconds over which the visits arrive. */
  readonly span: number;
  /** Share of the visits that go to the first writer in any case. */
  readonly busy?: number;
  /** Commits a day; without it there is no brake. */
  readonly budget?: number;
  /** Visitors who make the visits. @default 1 */
  readonly visitors?: number;
  /** Times that a timer turns the day if it is over. @default 0 */
  readonly turns?: number;
  readonly faults: Faults;
};

export type Outcome = CountedVisits & {
  /** Degraded visits that may be lost: their writer crashed, logged that it dropped them, or ended without the store. */
  readonly maybeLost: number;
  readonly total: Total;
  readonly dayRows: ReadonlyMap<string, DayNumbers>;
  readonly longestWaitMs: number;
  /** Log lines of the cost brake, with the writer that logged them. */
  readonly trips: readonly Readonly<Record<string, unknown>>[];
};

export const noFaults: Faults = {
  lostRequest: 0,
  lostResponse: 0,
  late: 0,
  doubled: 0,
  throttled: 0,
  staleRead: 0,
  suspended: 0,
  stepped: 0,
  cutOff: 0,
  crashed: 0,
  terminated: 0,
};

const probability = (max: number) => fc.double({ min: 0, max, noNaN: true });

export const allFaults: fc.Arbitrary<Faults> = fc.record({
  lostRequest: probability(0.3),
  lostResponse: probability(0.4),
  late: probability(0.3),
  doubled: probability(0.3),
  throttled: probability(0.2),
  staleRead: probability(0.5),
  suspended: probability(0.5),
  stepped: probability(1),
  cutOff: probability(0.5),
  crashed: probability(0.3),
  terminated: probability(0.3),
});

export const plans = (faults: fc.Arbitrary<Faults>): fc.Arbitrary<Plan> =>
  fc.record({
    seed: fc.integer(),
    writers: fc.integer({ min: 1, max: 4 }),
    visits: fc.integer({ min: 1, max: 40 }),
    span: fc.constantFrom(0, 200, 5_000, 20 * 60_000, 3 * DAY),
    visitors: fc.integer({ min: 1, max: 12 }),
    turns: fc.constantFrom(0, 3),
    faults,
  });

export const COUNTED_TWICE = "a visit was counted twice";

function violationOfDays({ total, dayRows, writes }: Outcome): string | undefined {
  if (writes.some(({ day }, index) => day < (writes[index - 1]?.day ?? ""))) return "a day went back";
  // The timer writes too, but commits nothing.
  const onLastDay = writes.filter(({ day, dayWrites }) => day === total.day && dayWrites > 0).length;
  if (total.dayWrites !== onLastDay) return `the day has ${onLastDay} writes, the row has ${total.dayWrites}`;
  const byDay = new Map(dayRows);
  for (const numbers of daysOf(total)) {
    if (!isDeepStrictEqual(byDay.get(numbers.day) ?? numbers, numbers))
      return `the row of ${numbers.day} differs from the total's`;
    byDay.set(numbers.day, numbers);
  }
  const sum = [...byDay.values()].reduce((all, { count }) => all + count, 0);
  return sum === total.count ? undefined : `the sum of the days is ${sum}, the total is ${total.count}`;
}

/** How an outcome breaks the law; undefined when it does not. */
export function violation(outcome: Outcome): string | undefined {
  const { visitors, exact, degraded, maybeLost, total, writes } = outcome;
  const numbers = exact.map(({ count }) => count);
  if (new Set(numbers).size !== numbers.length) return "two visits got one number";
  if (numbers.some((number) => number < 1 || number > total.count)) return "a visit got a number beyond the total";
  const committed = new Set(writes.map(({ count, dayCount }) => `${count} ${dayCount}`));
  if (degraded.some(({ count, today }) => !committed.has(`${count} ${today}`))) return "a degraded visit got no total";
  if (total.count < exact.length) return "a visit with a number was not counted";
  if (total.count < exact.length + degraded.length - maybeLost) return "a degraded visit was lost without a log line";
  // Visits without a number are counted once at most, too.
  if (total.count > visitors.length) return COUNTED_TWICE;
  return violationOfDays(outcome) ?? violationOfUniques(outcome);
}
