// The visitor counter of all pages: counts exactly, reads, and creates or raises a page's row.
import { checkTable, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { consoleLog } from "../lib/log.ts";
import { type Meter, silentMeter } from "../lib/meter.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import { createStoreClock, dayIn } from "../lib/store-clock.ts";
import type { DayNumbers } from "./day-rows.ts";
import { createGroupCommit, type Visit } from "./group-commit.ts";
import { backoffAfter } from "./pace.ts";
import { daysOf } from "./total.ts";
import { createTotalStore, StoreError, unavailable } from "./total-store.ts";

export type SeedResult = { readonly outcome: "created" | "raised" | "kept"; readonly count: number };

/** What the rows of past days do not show yet. */
export type CurrentDays = {
  /** Day of the site by the store's clock. */
  readonly today: string;
  /** Past days whose own row may be missing, and the last day with visits; the numbers of past days are final. */
  readonly days: readonly DayNumbers[];
};

export type VisitorCounter = {
  /**
   * Counts one visit.
   * @throws {AppError} NOT_FOUND for a page that is not counted, DEPENDENCY_UNAVAILABLE
   */
  count(page: string): Promise<Visit>;
  /** The total and today's count; zeros for a page without visits. Throws as `count` does. */
  read(page: string): Promise<Visit>;
  /** Reads the row `total`. Throws as `count` does. */
  days(page: string): Promise<CurrentDays>;
  /**
   * Creates the page's row, or raises its count to `startAt`. A larger count is kept.
   * Throws as `count` does, and CONFLICT when the row keeps changing.
   */
  seed(page: string, startAt: number): Promise<SeedResult>;
  /** Commits the held visits, or gives up within about three seconds. Call it before the process ends. */
  close(): Promise<void>;
};

export type CounterOptions = {
  readonly table: TableClient;
  readonly pages: readonly string[];
  readonly timeZone: string;
  /** Commits on one day and page, by all instances together, beyond which each commits once in `holdMs`. */
  readonly dailyWriteBudget: number;
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
/** Milliseconds in which a seed tries again after conflicts. A read may show an old row for a second. */
const SEED_MS = 5_000;

export function createVisitorCounter(options: CounterOptions): VisitorCounter {
  const { table, timeZone, dailyWriteBudget, patience = PATIENCE, closing = CLOSING, meter = silentMeter } = options;
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
    const store = createTotalStore(table, { page, observe: clock.observe, callSignal });
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
      log: consoleLog,
      meter,
    });
    return { clock, store, commits };
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

  /** Reads the row. @returns it and the day of the site */
  async function readRow(page: string) {
    const { clock, store } = pageOf(page);
    try {
      const { total, etag } = await store.read();
      // Cosmos DB has one code for a missing row and a missing table; a query tells them apart.
      if (etag === undefined) await checkTable(table, AbortSignal.timeout(patience.callMs));
      return { total, today: dayOf(clock.now().earliest) };
    } catch (cause) {
      throw unavailable("The visits table failed", cause);
    }
  }

  return {
    async count(page) {
      return pageOf(page).commits.count();
    },
    async read(page) {
      const { total, today } = await readRow(page);
      return { count: total.count, today: total.day === today ? total.dayCount : 0 };
    },
    async days(page) {
      const { total, today } = await readRow(page);
      return { today, days: daysOf(total) };
    },
    async seed(page, startAt) {
      const { store } = pageOf(page);

      async function attempt(): Promise<SeedResult> {
        const { total, etag } = await store.read();
        if (etag !== undefined && total.count >= startAt) return { outcome: "kept", count: total.count };
        await store.write({ ...total, count: startAt }, etag);
        return { outcome: etag === undefined ? "created" : "raised", count: startAt };
      }

      const until = performance.now() + SEED_MS;
      for (let failures = 0; performance.now() < until; failures++) {
        try {
          return await attempt();
        } catch (cause) {
          if (!(cause instanceof StoreError) || cause.kind !== "conflict")
            throw unavailable("The visits table failed", cause);
          await sleep(backoffAfter(cause, failures, Math.random()));
        }
      }
      throw new AppError(
        "CONFLICT",
        `The row of "${page}" kept changing for ${SEED_MS / 1_000} seconds while it was seeded: run again.`,
      );
    },
    async close() {
      isClosing = true;
      setTimeout(() => closingOver.abort(), closingCallMs).unref();
      await Promise.all([...pages.values()].map(({ commits }) => commits.close()));
    },
  };
}
