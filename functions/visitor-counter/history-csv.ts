// The history as CSV (RFC 4180). The first form is also what an import reads. Pure.
import type { HistoryDay, HistoryPeriod } from "./history-periods.ts";

export const DAY_COLUMNS = ["day", "visits", "uniques"] as const;

/** Only numbers and dates get into a line, so that nothing needs quotes and no program reads a formula. */
function csv(columns: readonly string[], lines: readonly (readonly (string | number | null)[])[]): string {
  return [columns, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

/** Unknown uniques are an empty field. */
export const daysAsCsv = (days: readonly HistoryDay[]): string =>
  csv(
    DAY_COLUMNS,
    days.map(({ day, visits, uniques }) => [day, visits, uniques]),
  );

export const periodsAsCsv = (periods: readonly HistoryPeriod[]): string =>
  csv(
    ["period", "from", "to", "visits", "dailyUniques"],
    periods.map(({ period, from, to, visits, dailyUniques }) => [period, from, to, visits, dailyUniques]),
  );
