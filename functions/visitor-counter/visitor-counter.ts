// The visitor counter of all pages: counts exactly, reads, and is seeded.
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { consoleLog } from "../lib/log.ts";
import { type Meter, silentMeter } from "../lib/meter.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import { dayIn } from "./days.ts";
import { createGroupCommit, type Visit } from "./group-commit.ts";
import { createStoreClock } from "./store-clock.ts";
import { emptyTotal } from "./total.ts";
import { StoreFailure } from "./total-store.ts";
import { createTotalStore } from "./visits-table.ts";

export type Seeded = { readonly did: "created" | "raised" | "kept"; readonly count: number };

export type VisitorCounter = {
  /** Counts one visit. Throws NOT_FOUND for a page that is not counted, DEPENDENCY_UNAVAILABLE. */
  count(page: string): Promise<Visit>;
  /** The total and today's count; zeros for a page nobody has visited. Throws as `count` does. */
  read(page: string): Promise<Visit>;
  /**
   * Makes sure that the page's row stands and is at least `startAt`. A larger total is kept.
   * Throws as `count` does, or CONFLICT when the row changes under it time and again.
   */
  seed(page: string, startAt: number): Promise<Seeded>;
  /** Commits the visits that were answered before their commit. To be called before the process ends. */
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
  readonly meter?: Meter;
};

/** One call and one batch take less than the ten seconds that a page waits for its number. */
const PATIENCE = { callMs: 3_000, windowMs: 6_000, holdMs: 60_000 };
const SEED_ATTEMPTS = 10;

export function createVisitorCounter(options: CounterOptions): VisitorCounter {
  const { table, pages, timeZone, dailyWriteBudget, patience = PATIENCE, meter = silentMeter } = options;
  const dayOf = dayIn(timeZone);
  const writer = crypto.randomUUID();

  function openPage(page: string) {
    const clock = createStoreClock();
    const store = createTotalStore(table, { page, observe: clock.observe, callMs: patience.callMs });
    const commits = createGroupCommit({
      page,
      store,
      clock,
      dayOf,
      writer,
      windowMs: patience.windowMs,
      holdMs: patience.holdMs,
      dailyWriteBudget,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      later: (ms, run) => setTimeout(run, ms).unref(),
      elapsed: () => performance.now(),
      random: Math.random,
      log: consoleLog,
      meter,
    });
    return { clock, store, commits };
  }
  const opened = new Map([...pages, VERIFY_PAGE].map((page) => [page, openPage(page)]));

  function at(page: string) {
    const found = opened.get(page);
    if (found) return found;
    throw new AppError(
      "NOT_FOUND",
      `No page "${page}" is counted here: check its spelling, or add it to the setting PAGES.`,
    );
  }

  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The visits table failed", {
      cause,
      retryAfter: Math.ceil((cause instanceof StoreFailure && cause.retryAfter) || 5),
    });

  return {
    async count(page) {
      return at(page).commits.count();
    },
    async read(page) {
      const { clock, store } = at(page);
      try {
        const { total } = await store.read();
        return { count: total.count, today: total.day === dayOf(clock.now().earliest) ? total.dayCount : 0 };
      } catch (cause) {
        throw unavailable(cause);
      }
    },
    async seed(page, startAt) {
      const { store } = at(page);
      for (let attempt = 1; attempt <= SEED_ATTEMPTS; attempt++) {
        try {
          // Creating first, never reading first: a row that stands is told by the conflict.
          await store.write({ ...emptyTotal, count: startAt }, undefined);
          return { did: "created", count: startAt };
        } catch (failure) {
          if (!(failure instanceof StoreFailure) || failure.kind !== "conflict") throw unavailable(failure);
        }
        try {
          const { total, etag } = await store.read();
          if (total.count >= startAt) return { did: "kept", count: total.count };
          await store.write({ ...total, count: startAt }, etag);
          return { did: "raised", count: startAt };
        } catch (failure) {
          if (!(failure instanceof StoreFailure) || failure.kind !== "conflict") throw unavailable(failure);
        }
      }
      throw new AppError(
        "CONFLICT",
        `The row of "${page}" changed ${SEED_ATTEMPTS} times while it was seeded: run again.`,
      );
    },
    async close() {
      await Promise.all([...opened.values()].map(({ commits }) => commits.close()));
    },
  };
}
