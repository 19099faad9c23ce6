// Changes a page's row other than by a visit: reads it and replaces it under its ETag, again while other writes come between.
import { backoffAfter } from "./pace.ts";
import type { Total } from "./total.ts";
import { type StoredTotal, StoreError, type TotalStore } from "./total-store.ts";

/** Milliseconds in which a change tries again after conflicts. A read may show an old row for a second. */
export const CHANGE_MS = 5_000;

/**
 * The writers' entries must stay as they are, since the counter's proof rests on them (docs/decisions/005). A change that
 * was applied although its response was lost is not noticed: it must be one that can be repeated.
 * @param change returns the new row, or undefined when there is nothing to change
 * @returns the row that was read last, and the one that replaced it; "conflict" when the row kept changing
 * @throws {StoreError}
 */
export async function changeTotal(
  store: Pick<TotalStore, "read" | "write">,
  change: (found: StoredTotal) => Total | undefined | Promise<Total | undefined>,
): Promise<{ readonly found: StoredTotal; readonly written: Total | undefined } | "conflict"> {
  const until = performance.now() + CHANGE_MS;
  for (let failures = 0; performance.now() < until; failures++) {
    try {
      const found = await store.read();
      const written = await change(found);
      if (written) await store.write(written, found.etag);
      return { found, written };
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== "conflict") throw error;
      await new Promise((resolve) => setTimeout(resolve, backoffAfter(error, failures, Math.random())));
    }
  }
  return "conflict";
}
