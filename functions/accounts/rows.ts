// Single rows of the account tables: read, written under their ETag, deleted. Every call feeds the store's clock.
import { isFinalSdkError, statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import type { StoreClock } from "../lib/store-clock.ts";

export type RowKeys = { readonly partitionKey: string; readonly rowKey: string };

/**
 * `changed`: another writer wrote or deleted the row first, and nothing was written. `unknown`: the response was lost or
 * the store was busy. Read again after both, since an unknown write may have been applied, also later.
 */
export type WriteOutcome = "written" | "changed" | "unknown";

export type Rows = {
  /** @throws {AppError} DEPENDENCY_UNAVAILABLE */
  find<R extends object>(keys: RowKeys): Promise<(R & { readonly etag: string }) | undefined>;
  /**
   * Creates the row when there is no ETag, else replaces it under the ETag. Sent once.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when no repetition can succeed: without a role, or a table
   */
  write(row: RowKeys, etag: string | undefined): Promise<WriteOutcome>;
  /** @throws {AppError} DEPENDENCY_UNAVAILABLE */
  remove(keys: RowKeys): Promise<void>;
};

type Options = {
  /** For the log. */
  readonly name: string;
  /** A client with retries. */
  readonly reads: TableClient;
  /** A client without retries: a retry would get 412 from its own first attempt. */
  readonly writes: TableClient;
  readonly clock: Pick<StoreClock, "observe">;
  /** Milliseconds for one call with its retries. @default 3000 */
  readonly callMs?: number;
};

/** Options of a call that ends within this time, and whose response the clock observes. */
export const callOptions = (clock: Pick<StoreClock, "observe">, callMs: number) => ({
  abortSignal: AbortSignal.timeout(callMs),
  onResponse({ headers }: { headers: { get(name: string): string | undefined } }) {
    const date = Date.parse(headers.get("date") ?? "");
    if (Number.isFinite(date)) clock.observe(date);
  },
});

export function createRows({ name, reads, writes, clock, callMs = 3_000 }: Options): Rows {
  const options = () => callOptions(clock, callMs);
  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", `The ${name} table failed`, { cause, retryAfter: 5 });

  return {
    async find<R extends object>({ partitionKey, rowKey }: RowKeys) {
      try {
        return await reads.getEntity<R>(partitionKey, rowKey, options());
      } catch (cause) {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw unavailable(cause);
      }
    },
    async write(row, etag) {
      try {
        if (etag) await writes.updateEntity(row, "Replace", { etag, ...options() });
        else await writes.createEntity(row, options());
        return "written";
      } catch (cause) {
        const status = statusOfSdkError(cause);
        // 404 under an ETag: the row was deleted. For a new row it means that the table is missing.
        if (status === 412 || status === 409 || (status === 404 && etag)) return "changed";
        if (isFinalSdkError(cause)) throw unavailable(cause);
        return "unknown";
      }
    },
    async remove({ partitionKey, rowKey }) {
      try {
        await reads.deleteEntity(partitionKey, rowKey, options());
      } catch (cause) {
        if (statusOfSdkError(cause) !== 404) throw unavailable(cause);
      }
    },
  };
}
