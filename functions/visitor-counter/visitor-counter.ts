// The visitor counter of all pages: counts exactly, reads, and creates or raises a page's row.
import { checkTable, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { consoleLog } from "../lib/log.ts";
import { type Meter, silentMeter } from "../lib/meter.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import { createStoreClock, dayIn } from "../lib/store-clock.ts";
import { CHANGE_MS, changeTotal } from "./change-total.ts";
import type { DayNumbers } from "./day-rows.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createRecentRow } from "./recent-row.ts";
import { daysOf, emptyTotal, type Total } from "./total.ts";
import { createTotalStore, unavailable } from "./total-store.ts";
import { createSalt, type VisitorHash } from "./uniques.ts";
import type { Visit } from "./visit.ts";

export type SeedResult = { readonly outcome: "created" | "raised" | "kept"; readonly count: number };

/** What the rows of past days do not show yet. */
export type CurrentDays = {
  /** Day of the site by the store's clock. */
  readonly today: string;
  /** Past days whose own row may be missing, and the last day with visits; the numbers of past days are final. */
  readonly days: readonly DayNumbers[];
};

/** Calculates a count from the days that the row knows. It is called again for each row that a seed reads. */
export type StartAt = (days: readonly DayNumbers[]) => Promise<number>;

export type VisitorCounter = {
  /**
   * Counts one visit.
   * @param visitor undefined if the visitor may not be hashed
   * @throws {AppError} NOT_FOUND for a page that is not counted, DEPENDENCY_UNAVAILABLE
   */
  count(page: string, visitor?: VisitorHash): Promise<Visit>;
  /** The total and today's numbers; zeros for a page without visits. Throws as `count` does. */
  read(page: string): Promise<Visit>;
  /**
   * The same as this instance last read or wrote them, at most that many milliseconds ago. Calls the table only when it
   * knows none so recent, once for all callers that wait. Throws as `count` does.
   * @param maxAgeMs default 10,000
   */
  recent(page: string, maxAgeMs?: number): Promise<Visit>;
  /** Reads the row `total`. Throws as `count` does. */
  days(page: string): Promise<CurrentDays>;
  /**
   * Creates the page's row, or raises its count to `startAt`. A larger count is kept.
   * Throws as `count` does, and CONFLICT when the row keeps changing.
   */
  seed(page: string, startAt: number | StartAt): Promise<SeedResult>;
  /** Commits the held visits, or gives up within about three seconds. Call it before the process ends. */
  close(): Promise<void>;
};

export type CounterOptions = {
  readonly table: TableClient;
  readonly pages: readonly string[];
  readonly timeZone: string;
  /** Commits on one day and page, by all instances together, beyond which each commits once in `holdMs`. */
  readonly dailyWriteBudget: number;
  /** Counts the different visitors of each day. */
  readonly uniques: boolean;
  /** Milliseconds for one call to the table, for all attempts at one batch, and between commits beyond the budget. */
  readonly patience?: { readonly callMs: number; readonly windowMs: number; readonly holdMs: number };
  /** The first two of these once closing, when they are shorter. */
  readonly closing?: { readonly callMs: number; readonly windowMs: number };
  readonly meter?: Meter;
};

/** One call and one batch take less than the ten seconds that a page waits for its number. */
const PATIENCE = { callMs: 3_000, windowMs: 6_000, holdMs: 60_000 };
/** Once closing, also for the call and the batch that are running. One window and its last call stay below three seconds. */
const CLOSING = { callMs: 1_000, windowMs: 1_500 };
const RECENT_MS = 10_000;

export function createVisitorCounter(options: CounterOptions): VisitorCounter {
  const { table, timeZone, dailyWriteBudget, uniques, meter = silentMeter } = options;
  const { patience = PATIENCE, closing = CLOSING } = options;
  const dayOf = dayIn(timeZone);
  const writer = crypto.randomUUID();
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const closingCallMs = Math.min(patience.callMs, closing.callMs);
  let isClosing = false;
  const closingOver = new AbortController();

  /** A call that is running when the counter closes has only `closingCallMs` left. */
  const callSignal = () =>
    isClosing
      ? AbortSignal.timeout(closingCallMs)
      : AbortSignal.any([AbortSignal.timeout(patience.callMs), closingOver.signal]);

  function openPage(page: string) {
    const clock = createStoreClock();
    const recent = createRecentRow(createTotalStore(table, { page, observe: clock.observe, callSignal }));
    const { store } = recent;
    const commits = createGroupCommit({
      page,
      store,
      clock,
      dayOf,
      writer,
      windowMs: patience.windowMs,
      closingMs: Math.min(patience.windowMs, closing.windowMs),
      holdMs: patience.holdMs,
      dailyWriteBudget,
      sleep,
      later: (ms, run) => setTimeout(run, ms).unref(),
      elapsed: () => performance.now(),
      random: Math.random,
      createSalt: () => (uniques ? createSalt() : undefined),
      log: consoleLog,
      meter,
    });
    return { clock, store, recent, commits };
  }
  const pages = new Map([...options.pages, VERIFY_PAGE].map((page) => [page, openPage(page)]));

  function pageOf(page: string) {
    const found = pages.get(page);
    if (found) return found;
    throw new AppError(
      "NOT_FOUND",
      `No page "${page}" is counted here: check its spelling, or add it to the setting PAGES.`,
    );
  }

  const todayOf = (page: string) => dayOf(pageOf(page).clock.now().earliest);

  async function readRow(page: string): Promise<Total> {
    const { store } = pageOf(page);
    try {
      const { total, etag } = await store.read();
      // Cosmos DB has one code for a missing row and a missing table; a query distinguishes them.
      if (etag === undefined) await checkTable(table, AbortSignal.timeout(patience.callMs));
      return total;
    } catch (cause) {
      throw unavailable("The visits table failed", cause);
    }
  }

  /** The numbers of a row now, also when its day is over. */
  function numbersOf(page: string, { count, day, dayCount, uniques: known }: Total): Visit {
    const isToday = dayCount > 0 && day === todayOf(page);
    const unique = isToday ? known?.unique : 0;
    return { count, today: isToday ? dayCount : 0, ...(uniques && unique !== undefined && { uniqueToday: unique }) };
  }

  return {
    async count(page, visitor) {
      return pageOf(page).commits.count(visitor);
    },
    async read(page) {
      return numbersOf(page, await readRow(page));
    },
    async recent(page, maxAgeMs = RECENT_MS) {
      const row = await pageOf(page).recent.get(maxAgeMs, () => readRow(page));
      return numbersOf(page, row ?? emptyTotal);
    },
    async days(page) {
      const total = await readRow(page);
      return { today: todayOf(page), days: daysOf(total) };
    },
    async seed(page, startAt) {
      const { store } = pageOf(page);
      const result = await changeTotal(store, async ({ total, etag }) => {
        const count = typeof startAt === "number" ? startAt : await startAt(daysOf(total));
        return etag !== undefined && total.count >= count ? undefined : { ...total, count };
      }).catch((cause: unknown) => {
        throw unavailable("The visits table failed", cause);
      });
      if (result === "conflict")
        throw new AppError(
          "CONFLICT",
          `The row of "${page}" kept changing for ${CHANGE_MS / 1_000} seconds while it was seeded: run again.`,
        );
      const { found, written } = result;
      if (!written) return { outcome: "kept", count: found.total.count };
      return { outcome: found.etag === undefined ? "created" : "raised", count: written.count };
    },
    async close() {
      isClosing = true;
      setTimeout(() => closingOver.abort(), closingCallMs).unref();
      await Promise.all([...pages.values()].map(({ commits }) => commits.close()));
    },
  };
}
