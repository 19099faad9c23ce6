// The visits of a page by day: its past days, imported days, and what the row `total` knows of the last ones.
import type { TableClient } from "../lib/azure/tables.ts";
import { keepValues } from "../lib/kept-values.ts";
import { readDays } from "./day-ranges.ts";
import type { DayNumbers } from "./day-rows.ts";
import { addDays, daysUpTo, type HistoryDay } from "./history-periods.ts";
import type { ImportedDay } from "./import-rows.ts";
import { unavailable } from "./total-store.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

/** Days that a history has at most, and an import. */
export const MAX_DAYS = 400;

export type History = {
  /** IANA name of the time zone of the days. */
  readonly timeZone: string;
  /**
   * The last `count` days, oldest first and up to today; days without visits too. At most a minute old.
   * Throws as the counter does.
   */
  days(page: string, count: number): Promise<readonly HistoryDay[]>;
  /** This instance reads the page again. */
  forget(page: string): void;
};

const MAX_AGE_MS = 60_000;

/** Of two numbers that may be unknown. */
export const larger = (one: number | undefined, other: number | undefined) =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

/** The larger of what was counted and what was imported, so that an import repeats safely. */
function merge(day: string, counted: DayNumbers | undefined, imported: ImportedDay | undefined): HistoryDay {
  const visits = larger(counted?.count, imported?.visits) ?? 0;
  // A source without visits of that day does not know how many visitors another one's have.
  const uniquesOf = (sum: number | undefined, uniques: number | undefined) => (sum === 0 ? undefined : uniques);
  const uniques =
    visits === 0
      ? 0
      : larger(uniquesOf(counted?.count, counted?.unique), uniquesOf(imported?.visits, imported?.uniques));
  const isCounted = uniques !== undefined && uniques === counted?.unique;
  return { day, visits, uniques: uniques ?? null, ...(isCounted && counted?.approximate && { approximate: true }) };
}

type Options = {
  readonly table: TableClient;
  readonly visits: Pick<VisitorCounter, "days">;
  readonly timeZone: string;
  readonly stopwatch?: Parameters<typeof keepValues>[2];
};

export function createHistory({ table, visits, timeZone, stopwatch }: Options): History {
  const kept = keepValues(
    MAX_AGE_MS,
    async (page) => {
      // First the total: a day leaves its list `closed` only after its own row was written.
      const { today: now, days } = await visits.days(page);
      // At midnight the clock of another instance may be a little ahead.
      const today = [now, ...days.map(({ day }) => day)].reduce((one, other) => (one > other ? one : other));
      const first = addDays(today, 1 - MAX_DAYS);
      try {
        const [counted, imported] = await readDays(table, page, { from: first, to: today });
        const last = new Map(days.map((numbers) => [numbers.day, numbers]));
        return daysUpTo(today, MAX_DAYS).map((day) => merge(day, last.get(day) ?? counted.get(day), imported.get(day)));
      } catch (cause) {
        throw unavailable("The visits table failed", cause);
      }
    },
    stopwatch,
  );

  return {
    timeZone,
    async days(page, count) {
      return (await kept.get(page)).slice(-count);
    },
    forget: kept.forget,
  };
}
