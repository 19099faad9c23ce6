// The row that this instance last read or wrote, for responses that need none of their own.
import type { Total } from "./total.ts";
import type { TotalStore } from "./total-store.ts";

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
  let known: { readonly total: Total; readonly at: number } | undefined;
  let reading: Promise<unknown> | undefined;

  /** A read may return an older version of the row: the total never falls. */
  function remember(total: Total): void {
    known = { total: known && known.total.count > total.count ? known.total : total, at: elapsed() };
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
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return known?.total;
    },
  };
}
