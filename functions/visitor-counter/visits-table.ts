// The visits table: one row `total` per page, one row `day:YYYY-MM-DD` per day that is over.

import { retryAfterOfSdkError, statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { emptyTotal, type Total, totalSchema } from "./total.ts";
import { type StoredTotal, StoreFailure, type TotalStore } from "./total-store.ts";

type Options = {
  readonly page: string;
  /** Told the time of every answer by the store's clock, in milliseconds since 1970. */
  readonly observe: (date: number) => void;
  /** Milliseconds for one call, the credential's included. Patience beyond it is the group commit's. */
  readonly callMs: number;
};

const TOTAL = "total";

/** `dayWrites` is absent from rows that an older release wrote. */
type Row = { count: bigint; day: string; dayCount: bigint; dayWrites?: bigint; writers: string; closed: string };

/** Counts are Edm.Int64, which the SDK speaks as bigint; they stay below 2^53 for as long as JSON has to carry them. */
const toRow = (total: Total): Row => ({
  count: BigInt(total.count),
  day: total.day,
  dayCount: BigInt(total.dayCount),
  dayWrites: BigInt(total.dayWrites),
  writers: JSON.stringify(total.writers),
  closed: JSON.stringify(total.closed),
});

function fromRow({ count, day, dayCount, dayWrites, writers, closed }: Row): Total {
  try {
    return totalSchema.parse({
      count: Number(count),
      day,
      dayCount: Number(dayCount),
      dayWrites: Number(dayWrites ?? 0),
      writers: JSON.parse(writers),
      closed: JSON.parse(closed),
    });
  } catch (cause) {
    throw new StoreFailure("refused", { cause });
  }
}

function failureOf(cause: unknown): StoreFailure {
  const status = statusOfSdkError(cause);
  // 404 under an ETag: the row was deleted since it was read; reading again finds that out.
  if (status === 412 || status === 409 || status === 404) return new StoreFailure("conflict", { cause });
  // The store understood and will not: a missing role, a missing table, a row nobody can read.
  if (status !== undefined && status < 500 && status !== 408 && status !== 429)
    return new StoreFailure("refused", { cause });
  return new StoreFailure("unknown", { cause, retryAfter: retryAfterOfSdkError(cause) });
}

export function createTotalStore(table: TableClient, { page, observe, callMs }: Options): TotalStore {
  const bounded = () => ({
    abortSignal: AbortSignal.timeout(callMs),
    onResponse: ({ headers }: { headers: { get(name: string): string | undefined } }) => {
      const date = Date.parse(headers.get("date") ?? "");
      if (Number.isFinite(date)) observe(date);
    },
  });
  return {
    async read(): Promise<StoredTotal> {
      const found = await table.getEntity<Row>(page, TOTAL, bounded()).catch((cause: unknown) => {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw failureOf(cause);
      });
      if (!found) return { total: emptyTotal };
      const { etag, ...row } = found;
      return { total: fromRow(row), etag };
    },
    async write(total, etag) {
      const entity = { partitionKey: page, rowKey: TOTAL, ...toRow(total) };
      try {
        const answer = etag
          ? await table.updateEntity(entity, "Replace", { etag, ...bounded() })
          : await table.createEntity(entity, bounded());
        return answer.etag ?? "";
      } catch (cause) {
        // Creating a row meets 404 only when there is no table: only a deployment can mend that.
        if (!etag && statusOfSdkError(cause) === 404) throw new StoreFailure("refused", { cause });
        throw failureOf(cause);
      }
    },
    async writeDay(day, count) {
      const entity = { partitionKey: page, rowKey: `day:${day}`, count: BigInt(count) };
      await table.upsertEntity(entity, "Replace", bounded());
    },
  };
}
