import fc from "fast-check";
import { expect, it } from "vitest";
import { addDays, daysUpTo, type HistoryDay, isoWeekOf, periodsOf } from "./history-periods.ts";

it.each([
  ["2026-11-21", "2026-W47"],
  ["2026-11-22", "2026-W47"],
  ["2026-11-23", "2026-W48"],
  // The turn of a year, in both directions, and a year of 53 weeks.
  ["2024-12-30", "2025-W01"],
  ["2027-01-03", "2026-W53"],
  ["2027-01-04", "2027-W01"],
  ["2023-01-01", "2022-W52"],
])("%s is in the ISO week %s", (day, week) => {
  expect(isoWeekOf(day)).toBe(week);
});

it("lists the days up to a last one, across a leap day", () => {
  expect(daysUpTo("2024-03-01", 3)).toEqual(["2024-02-28", "2024-02-29", "2024-03-01"]);
});

it("sums the days of a week and a month, of which the first may be cut", () => {
  const day = (name: string, visits: number, uniques: number | null): HistoryDay => ({ day: name, visits, uniques });
  const days = [
    day("2026-10-31", 4, 3),
    day("2026-11-01", 2, 1),
    { ...day("2026-11-02", 5, 5), approximate: true as const },
    day("2026-11-03", 1, null),
  ];
  expect(periodsOf(days.slice(0, 3), "week")).toEqual([
    { period: "2026-W44", from: "2026-10-31", to: "2026-11-01", visits: 6, dailyUniques: 4 },
    { period: "2026-W45", from: "2026-11-02", to: "2026-11-02", visits: 5, dailyUniques: 5, approximate: true },
  ]);
  expect(periodsOf(days, "month")).toEqual([
    { period: "2026-10", from: "2026-10-31", to: "2026-10-31", visits: 4, dailyUniques: 3 },
    { period: "2026-11", from: "2026-11-01", to: "2026-11-03", visits: 8, dailyUniques: null, approximate: true },
  ]);
});

it("loses no visit and no day, and begins every further week on a Monday", () => {
  const start = fc.integer({ min: 0, max: 40_000 }).map((offset) => addDays("1990-01-01", offset));
  const visits = fc.array(fc.nat(9), { minLength: 1, maxLength: 60 });
  const sum = (list: readonly { readonly visits: number }[]) => list.reduce((total, each) => total + each.visits, 0);
  const weekday = (day: string) => new Date(`${day}T00:00:00Z`).getUTCDay();
  fc.assert(
    fc.property(start, visits, fc.constantFrom("week" as const, "month" as const), (first, numbers, by) => {
      const days = numbers.map((each, index) => ({ day: addDays(first, index), visits: each, uniques: each }));
      const periods = periodsOf(days, by);
      expect(sum(periods)).toBe(sum(days));
      expect(new Set(periods.map(({ period }) => period)).size).toBe(periods.length);
      for (const [index, { from, to }] of periods.entries()) {
        expect(from).toBe(index === 0 ? first : addDays(periods[index - 1]?.to ?? "", 1));
        if (index > 0) expect(by === "week" ? weekday(from) : Number(from.slice(8))).toBe(1);
        if (index < periods.length - 1) expect(addDays(to, 1) > to).toBe(true);
      }
    }),
  );
});
