// A history as the dashboard shows it. Pure.
import type { Output } from "../operations.ts";

export type Period = {
  /** The day, the week or the month. */
  readonly label: string;
  /** Its first day, in seconds since 1970 at midnight UTC: a position on the chart. */
  readonly at: number;
  readonly visits: number;
  /** null where nothing counted them. */
  readonly uniques: number | null;
};

const TOP = 5;

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" });

/** @param date such as 2026-11-21 */
const secondsOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / 1000;

export function periodsOf(history: Output<"visitor-history">): readonly Period[] {
  if (history.by === "day")
    return history.items.map(({ day: date, uniques, visits }) => ({
      label: day.format(secondsOf(date) * 1000),
      at: secondsOf(date),
      visits,
      uniques,
    }));
  const { by } = history;
  return history.items.map(({ dailyUniques, from, period, visits }) => ({
    label: by === "month" ? month.format(secondsOf(from) * 1000) : period.replace("-W", ", week "),
    at: secondsOf(from),
    visits,
    uniques: dailyUniques,
  }));
}

/** Those with the most visits, the later one first of two with as many. */
export const topDays = (days: readonly Period[]): readonly Period[] =>
  days
    .filter(({ visits }) => visits > 0)
    .toSorted((one, other) => other.visits - one.visits || other.at - one.at)
    .slice(0, TOP);
