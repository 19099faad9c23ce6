// The row that this instance last read or wrote, for responses that need none of their own.
import type { Total } from "./total.ts";
import type { TotalStore } from "./total-store.ts";

/** Milliseconds after which a read with a smaller total is no older version. */
const STALE_MS = 60_000;

export type RecentRow = {
  /** The store, whose reads and writes are remembered. */
  readonly store: TotalStore;
  /**
   * The row as it was at most that many milliseconds ago. Reads it when this instance knows none so recent, once for all
   * callers that wait.
   * @param read reads through `store`
   */
  get(maxAgeMs: number, read: () => Promise<unknown>): Promise<Total | undefined>;
};

export function createRecentRow(store: TotalStore, elapsed: () => number = () => performance.now()): RecentRow {
  /** `at` is when a call last returned, `seenAt` when one returned this total. */
  let known: { readonly total: Total; readonly at: number; readonly seenAt: number } | undefined;
  let reading: Promise<unknown> | undefined;

  /** A read may return an older version of the row, but not for long: then the total was corrected in the table. */
  function remember(total: Total): void {
    const at = elapsed();
    const isOlder = known && known.total.count > total.count && at - known.seenAt < STALE_MS;
    known = known && isOlder ? { ...known, at } : { total, at, seenAt: at };
  }

  /** A read that was rejected may have remembered a row all the same. */
  function forgetAge(error: unknown): never {
    if (known) known = { ...known, at: Number.NEGATIVE_INFINITY };
    throw error;
  }

  return {
    store: {
      ...store,
      async read() {
        const found = await store.read();
        remember(found.total);
        return found;
      },
      async write(total, etag) {
        const written = await store.write(total, etag);
        remember(total);
        return written;
      },
    },
    async get(maxAgeMs, read) {
      if (!known || elapsed() - known.at >= maxAgeMs) {
        reading ??= read()
          .catch(forgetAge)
          .finally(() => {
            reading = undefined;
          });
        await reading;
      }
      return known?.total;
    },
  };
}
