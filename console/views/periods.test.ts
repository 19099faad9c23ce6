// Histories as the dashboard shows them.
import { expect, it } from "vitest";
import { periodsOf, topDays } from "./periods.ts";

const common = { page: "resume", timeZone: "Europe/Berlin", from: "2026-11-01", to: "2026-11-30" };
const at = (date: string) => Date.parse(date) / 1000;

it("gives each day its position and keeps uniques that nothing counted unknown", () => {
  const items = [
    { day: "2026-11-01", visits: 3, uniques: null },
    { day: "2026-11-02", visits: 0, uniques: 0 },
  ];
  const periods = periodsOf({ ...common, by: "day", items });
  expect(periods.map(({ at, uniques, visits }) => [at, visits, uniques])).toEqual([
    [at("2026-11-01"), 3, null],
    [at("2026-11-02"), 0, 0],
  ]);
  expect(periods[0]?.label).toMatch(/1.*2026|2026.*1/);
});

it("gives weeks and months the position of their first day and the sum of daily uniques", () => {
  const item = { from: "2026-10-26", to: "2026-11-01", visits: 9, dailyUniques: 7 };
  const [week] = periodsOf({ ...common, by: "week", items: [{ ...item, period: "2026-W44" }] });
  expect(week).toEqual({ label: "2026, week 44", at: at("2026-10-26"), visits: 9, uniques: 7 });
  const [month] = periodsOf({ ...common, by: "month", items: [{ ...item, period: "2026-10" }] });
  expect([month?.at, month?.label]).toEqual([at("2026-10-26"), expect.stringContaining("2026")]);
});

it("lists the five days with the most visits, the later one first of equal ones, and none without visits", () => {
  const days = [4, 0, 9, 4, 1, 2, 3].map((visits, index) => ({ label: `${index}`, at: index, visits, uniques: null }));
  expect(topDays(days).map(({ label }) => label)).toEqual(["2", "3", "0", "6", "5"]);
  expect(topDays(days.slice(1, 2))).toEqual([]);
});
