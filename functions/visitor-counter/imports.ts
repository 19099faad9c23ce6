// Imports days of a page: each into a row of its own, which only grows, so that a repeated import changes nothing.
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { consoleLog } from "../lib/log.ts";
import { readDays } from "./day-ranges.ts";
import type { DayNumbers } from "./day-rows.ts";
import { type History, larger } from "./history.ts";
import { type AuditEntry, createImportAudit } from "./import-audit.ts";
import { fromImportRow, type ImportedDay, importRowKey, toImportRow } from "./import-rows.ts";
import { unavailable } from "./total-store.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

export type VisitImport = Pick<AuditEntry, "by" | "format" | "path" | "lines"> & {
  /** Oldest first, at least one, all before today. */
  readonly days: readonly ImportedDay[];
};

export type ImportResult = {
  /** Days of which a number became larger. */
  readonly changed: number;
  /** The page's total, when it had to be at least the sum of all days. */
  readonly total?: number;
};

export type Imports = {
  /** Bytes of a body. */
  readonly maxBytes: number;
  /** Day of the site at a time in milliseconds since 1970. */
  readonly dayOf: (time: number) => string;
  /** Day of the site by the store's clock. Throws as the counter does. */
  today(page: string): Promise<string>;
  /**
   * What fails or dies half-way is complete when it is repeated.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE, and CONFLICT when a row keeps changing
   */
  run(page: string, visitImport: VisitImport, options: { readonly raiseTotal: boolean }): Promise<ImportResult>;
};

/** Writes at a time. */
const WRITERS = 8;
/** Attempts at one row: imports of the same day at the same time. */
const MAX_ATTEMPTS = 5;
const CALL_MS = 5_000;

type Options = {
  readonly table: TableClient;
  readonly visits: Pick<VisitorCounter, "days" | "seed">;
  readonly history: Pick<History, "forget">;
  readonly dayOf: (time: number) => string;
  readonly maxBytes: number;
};

/** The larger of each number. */
const grown = (known: ImportedDay, imported: ImportedDay): ImportedDay => ({
  day: known.day,
  visits: Math.max(known.visits, imported.visits),
  uniques: larger(known.uniques, imported.uniques),
});

const isSame = (one: ImportedDay, other: ImportedDay) => one.visits === other.visits && one.uniques === other.uniques;

export function createImports({ table, visits, history, dayOf, maxBytes }: Options): Imports {
  const audit = createImportAudit(table);
  const call = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });

  /** @param isKnown whether the row was listed; a guess, which saves a call */
  async function raise(page: string, imported: ImportedDay, isKnown: boolean): Promise<void> {
    const keys = { partitionKey: page, rowKey: importRowKey(imported.day) };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      try {
        if (!isKnown && attempt === 0)
          return void (await table.createEntity({ ...keys, ...toImportRow(imported) }, call()));
        const found = await table.getEntity<Parameters<typeof fromImportRow>[0]>(
          keys.partitionKey,
          keys.rowKey,
          call(),
        );
        const known = fromImportRow({ ...found, rowKey: keys.rowKey });
        const next = grown(known, imported);
        if (isSame(known, next)) return;
        await table.updateEntity({ ...keys, ...toImportRow(next) }, "Replace", { etag: found.etag, ...call() });
        return;
      } catch (cause) {
        // A row exists that was not listed, or another import has changed it, or a read does not show it yet.
        if (![404, 409, 412].includes(statusOfSdkError(cause) ?? 0)) throw cause;
      }
    }
    throw new AppError("CONFLICT", `The row of ${imported.day} kept changing while it was imported: send it again.`);
  }

  async function writeDays(page: string, days: readonly ImportedDay[]): Promise<number> {
    const range = { from: days[0]?.day ?? "", to: days.at(-1)?.day ?? "" };
    const [, known] = await readDays(table, page, range);
    const left = days.filter((day) => {
      const row = known.get(day.day);
      return !row || !isSame(row, grown(row, day));
    });
    const changed = left.length;
    const writeNext = async () => {
      for (let day = left.shift(); day; day = left.shift()) await raise(page, day, known.has(day.day));
    };
    const errors: unknown[] = [];
    const stop = (error: unknown) => {
      left.length = 0;
      errors.push(error);
    };
    // All have ended before the response, also after a failure.
    await Promise.all(Array.from({ length: WRITERS }, () => writeNext().catch(stop)));
    if (errors.length > 0) throw errors[0];
    return changed;
  }

  /** The sum of all days of a page; `current` are those that the row `total` knows. */
  function createSum(page: string): (current: readonly DayNumbers[]) => Promise<number> {
    let read: { readonly days: string; readonly rows: ReturnType<typeof readDays> } | undefined;
    return async (current) => {
      // Past days are final, so the rows are read again only when the row `total` has other days.
      const days = current.map(({ day }) => day).join();
      if (read?.days !== days) read = { days, rows: readDays(table, page, { from: "0", to: "9" }) };
      const [counted, imported] = await read.rows;
      const numbers = new Map([...counted, ...current.map((each) => [each.day, each] as const)]);
      const all = new Set([...numbers.keys(), ...imported.keys()]);
      return [...all].reduce(
        (sum, day) => sum + Math.max(numbers.get(day)?.count ?? 0, imported.get(day)?.visits ?? 0),
        0,
      );
    };
  }

  return {
    maxBytes,
    dayOf,
    async today(page) {
      return (await visits.days(page)).today;
    },
    async run(page, { days, ...entry }, { raiseTotal }) {
      try {
        const rowKey = await audit.begin(page, { ...entry, days });
        const changed = await writeDays(page, days);
        const total = raiseTotal ? (await visits.seed(page, createSum(page))).count : undefined;
        history.forget(page);
        await audit.complete(page, rowKey, { changed, total });
        consoleLog.info("visits-imported", { page, by: entry.by, format: entry.format, days: days.length, changed });
        return { changed, ...(total !== undefined && { total }) };
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw unavailable("The visits table failed", cause);
      }
    },
  };
}
