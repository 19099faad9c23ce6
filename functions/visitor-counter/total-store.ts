// What the counter asks of the table that holds a page's row, and how that table says why it failed.
import type { Total } from "./total.ts";

/** The row as read; no ETag means that there is none yet. */
export type StoredTotal = { readonly total: Total; readonly etag?: string };

/**
 * One page's row. Every call is sent once and ends within a bounded time; `clock.observe` has been called by then.
 * Rejections are `StoreFailure`s.
 */
export type TotalStore = {
  read(): Promise<StoredTotal>;
  /** Creates the row when there is no ETag, else replaces it under the ETag. Returns the new ETag. */
  write(total: Total, etag: string | undefined): Promise<string>;
  /** Writes a closed day's row; repeating it changes nothing. */
  writeDay(day: string, count: number): Promise<void>;
};

/**
 * Conflict: the row is not what it was when read. Refused: trying again at once is of no use. Unknown: anything else.
 * Uncertain is not the table's answer but what the row can no longer tell: whether a batch was applied.
 */
export class StoreFailure extends Error {
  override name = "StoreFailure";
  readonly kind: "conflict" | "refused" | "unknown" | "uncertain";
  readonly retryAfter: number | undefined;

  constructor(
    kind: StoreFailure["kind"],
    { cause, retryAfter }: { cause?: unknown; retryAfter?: number | undefined } = {},
  ) {
    super(`The visits table answered: ${kind}`, { cause });
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}
