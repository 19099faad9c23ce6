// The law of the counter, and the worlds in which it is tried.
import fc from "fast-check";
import type { Outcome, Plan, Weather } from "./group-commit-plan.simulation.ts";

export const DAY = 24 * 60 * 60_000;

export const calm: Weather = {
  lostRequest: 0,
  lostAnswer: 0,
  late: 0,
  doubled: 0,
  throttled: 0,
  suspended: 0,
  stepped: 0,
  cutOff: 0,
  crashed: 0,
  terminated: 0,
};

const chance = (max: number) => fc.double({ min: 0, max, noNaN: true });

export const storm: fc.Arbitrary<Weather> = fc.record({
  lostRequest: chance(0.3),
  lostAnswer: chance(0.4),
  late: chance(0.3),
  doubled: chance(0.3),
  throttled: chance(0.2),
  suspended: chance(0.5),
  stepped: chance(1),
  cutOff: chance(0.5),
  crashed: chance(0.3),
  terminated: chance(0.3),
});

export const plans = (weather: fc.Arbitrary<Weather>): fc.Arbitrary<Plan> =>
  fc.record({
    seed: fc.integer(),
    writers: fc.integer({ min: 1, max: 4 }),
    visits: fc.integer({ min: 1, max: 40 }),
    span: fc.constantFrom(0, 200, 5_000, 20 * 60_000, 3 * DAY),
    weather,
  });

export const TWICE = "a visit was counted twice";

function faultOfDays({ total, dayRows, writes }: Outcome): string | undefined {
  if (writes.some(({ day }, index) => day < (writes[index - 1]?.day ?? ""))) return "a day went back";
  const onLastDay = writes.filter(({ day }) => day === total.day).length;
  if (total.dayWrites !== onLastDay) return `the day has ${onLastDay} writes, the row says ${total.dayWrites}`;
  const byDay = new Map(dayRows);
  for (const { day, count } of [...total.closed, { day: total.day, count: total.dayCount }]) {
    if ((byDay.get(day) ?? count) !== count) return `the row of ${day} differs from the total's`;
    byDay.set(day, count);
  }
  const sum = [...byDay.values()].reduce((a, b) => a + b, 0);
  return sum === total.count ? undefined : `the days sum up to ${sum}, the total is ${total.count}`;
}

/** What is wrong with an outcome; undefined when nothing is. */
export function fault(outcome: Outcome): string | undefined {
  const { sent, answered, degraded, forgiven, total, writes } = outcome;
  const numbers = answered.map(({ count }) => count);
  if (new Set(numbers).size !== numbers.length) return "a number was handed out twice";
  if (numbers.some((number) => number < 1 || number > total.count)) return "a number was never reached";
  const committed = new Map(writes.map(({ count, dayCount }) => [count, dayCount]));
  if (degraded.some(({ count, today }) => committed.get(count) !== today)) return "a degraded answer was no total";
  if (total.count < answered.length) return "an answered visit was not counted";
  if (total.count < answered.length + degraded.length - forgiven) return "a degraded visit was lost";
  // Each visit that was sent, answered or not, is counted once at most.
  if (total.count > sent) return TWICE;
  return faultOfDays(outcome);
}
