// The days, ISO weeks or months of a page's history. Pure.

/** What is shown of a day. `uniques` is null where nothing counted them. */
export type HistoryDay = {
  /** YYYY-MM-DD */
  readonly day: string;
  readonly visits: number;
  readonly uniques: number | null;
  /** `uniques` is an estimate, or lacks some visits. */
  readonly approximate?: true;
};

export type HistoryPeriod = {
  /** 2026-W47 or 2026-11 */
  readonly period: string;
  /** The first and the last of its days that are included. */
  readonly from: string;
  readonly to: string;
  readonly visits: number;
  /** Sum of the days: a visitor of two days counts twice. Null where a day with visits has no uniques. */
  readonly dailyUniques: number | null;
  readonly approximate?: true;
};

const DAY_MS = 24 * 60 * 60_000;

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The `count` days up to `last`, oldest first. */
export const daysUpTo = (last: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => addDays(last, index + 1 - count));

/** ISO 8601: a week begins on Monday and belongs to the year of its Thursday. */
export function isoWeekOf(day: string): string {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const thursday = addDays(day, 3 - weekday);
  const year = thursday.slice(0, 4);
  const week = 1 + Math.floor((Date.parse(thursday) - Date.parse(`${year}-01-01`)) / (7 * DAY_MS));
  return `${year}-W${String(week).padStart(2, "0")}`;
}

const periodOf = { week: isoWeekOf, month: (day: string) => day.slice(0, 7) } as const;

/** @param days consecutive, oldest first */
export function periodsOf(days: readonly HistoryDay[], by: "week" | "month"): HistoryPeriod[] {
  const periods = new Map<string, HistoryPeriod>();
  for (const { day, visits, uniques, approximate } of days) {
    const period = periodOf[by](day);
    const sum = periods.get(period) ?? { period, from: day, to: day, visits: 0, dailyUniques: 0 };
    periods.set(period, {
      ...sum,
      to: day,
      visits: sum.visits + visits,
      dailyUniques: sum.dailyUniques === null || uniques === null ? null : sum.dailyUniques + uniques,
      ...((sum.approximate || approximate) && { approximate: true }),
    });
  }
  return [...periods.values()];
}
