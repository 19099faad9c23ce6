// The visitor counter of all pages: counts exactly, reads, and is seeded.
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { consoleLog } from "../lib/log.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import { dayIn } from "./days.ts";
import { createGroupCommit, StoreFailure, type Visit } from "./group-commit.ts";
import { createStoreClock } from "./store-clock.ts";
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
};

type Options = {
  readonly table: TableClient;
  readonly pages: readonly string[];
  readonly timeZone: string;
  /** Milliseconds for one call to the table, and for all attempts at one batch. */
  readonly patience?: { readonly callMs: number; readonly windowMs: number };
};

/** Together below the ten seconds that a page waits for its number. */
const PATIENCE = { callMs: 3_000, windowMs: 6_000 };
const SEED_ATTEMPTS = 10;

export function createVisitorCounter({ table, pages, timeZone, patience = PATIENCE }: Options): VisitorCounter {
  const dayOf = dayIn(timeZone);
  const writer = crypto.randomUUID();

  function openPage(page: string) {
    const clock = createStoreClock();
    const store = createTotalStore(table, { page, observe: clock.observe, callMs: patience.callMs });
    const count = createGroupCommit({
      store,
      clock,
      dayOf,
      writer,
      windowMs: patience.windowMs,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      elapsed: () => performance.now(),
      random: Math.random,
      log: consoleLog,
    });
    return { clock, store, count };
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
      return at(page).count();
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
          await store.write({ count: startAt, day: "", dayCount: 0, writers: {}, closed: [] }, undefined);
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
  };
}
