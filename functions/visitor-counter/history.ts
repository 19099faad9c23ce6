// The visits of a page by day: its past days, imported days, and what the row `total` knows of the last ones.
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { keepValues } from "../lib/kept-values.ts";
import { type DayNumbers, dayRowKey, fromDayRow } from "./day-rows.ts";
import { addDays, daysUpTo, type HistoryDay } from "./history-periods.ts";
import { fromImportRow, type ImportedDay, importRowKey } from "./import-rows.ts";
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
};

/** A range of row keys has at most `MAX_DAYS` rows: one response, unless the store cuts it. */
const PAGE_SIZE = 1_000;
const CALL_MS = 5_000;
const MAX_AGE_MS = 60_000;

const larger = (one: number | undefined, other: number | undefined) =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

/** The larger of what was counted and what was imported, so that an import repeats safely. */
function merge(day: string, counted: DayNumbers | undefined, imported: ImportedDay | undefined): HistoryDay {
  const visits = larger(counted?.count, imported?.visits) ?? 0;
  const uniques = visits === 0 ? 0 : larger(counted?.unique, imported?.uniques);
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
  async function readRange<R extends { readonly rowKey: string }, T extends { readonly day: string }>(
    page: string,
    { from, to, parse }: { readonly from: string; readonly to: string; readonly parse: (row: R) => T },
  ): Promise<ReadonlyMap<string, T>> {
    const filter = `PartitionKey eq '${page}' and RowKey ge '${from}' and RowKey le '${to}'`;
    const days = new Map<string, T>();
    // In no order: the days of the result decide.
    for await (const rows of pagesOf<R>(table, { filter }, CALL_MS, PAGE_SIZE))
      for (const row of rows) {
        const numbers = parse(row);
        days.set(numbers.day, numbers);
      }
    return days;
  }

  const read = keepValues(
    MAX_AGE_MS,
    async (page) => {
      // First the total: a day leaves its list `closed` only after its own row was written.
      const { today: now, days } = await visits.days(page);
      // At midnight the clock of another instance may be a little ahead.
      const today = [now, ...days.map(({ day }) => day)].reduce((one, other) => (one > other ? one : other));
      const first = addDays(today, 1 - MAX_DAYS);
      const range = (keyOf: (day: string) => string) => ({ from: keyOf(first), to: keyOf(today) });
      try {
        const [counted, imported] = await Promise.all([
          readRange(page, { ...range(dayRowKey), parse: fromDayRow }),
          readRange(page, { ...range(importRowKey), parse: fromImportRow }),
        ]);
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
      return (await read(page)).slice(-count);
    },
  };
}
