// The rows of a page in the visits table: one row `total`, and one row `day:YYYY-MM-DD` for each past day.
import { retryAfterOfSdkError, statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { type DayNumbers, dayRowKey, toDayRow } from "./day-rows.ts";
import { emptyTotal, type Total, totalSchema } from "./total.ts";
import { type DayUniques, dayUniques } from "./uniques.ts";

/** The row as read; without an ETag there is none yet. */
export type StoredTotal = { readonly total: Total; readonly etag?: string };

/** A row and the time of its read by the store's clock, in milliseconds since 1970; NaN when the response had no Date. */
export type ReadTotal = StoredTotal & { readonly readAt: number };

/**
 * Every call is sent once and ends within a bounded time; the clock has observed the response by then.
 * Calls reject with a `StoreError`.
 */
export type TotalStore = {
  /** May return an earlier version of the row, or none for a row that was just created. */
  read(): Promise<ReadTotal>;
  /** Creates the row when there is no ETag, else replaces it under the ETag. Returns the new ETag. */
  write(total: Total, etag: string | undefined): Promise<string>;
  /** Writes the row of a past day; repeating it changes nothing. */
  writeDay(numbers: DayNumbers): Promise<void>;
};

/**
 * `conflict`: the row changed since it was read. `rejected`: a retry is useless until something is deployed.
 * `transient`: anything else. `uncertain` comes from the commit: the row no longer shows whether a batch was applied.
 */
export class StoreError extends Error {
  override name = "StoreError";
  readonly kind: "conflict" | "rejected" | "transient" | "uncertain";
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: StoreError["kind"],
    { cause, retryAfter }: { cause?: unknown; retryAfter?: number | undefined } = {},
  ) {
    super(`The visits table failed: ${kind}`, { cause });
    this.kind = kind;
    this.retryAfter = retryAfter;
  }

  get isFinal(): boolean {
    return this.kind === "rejected" || this.kind === "uncertain";
  }
}

/** The response to a caller when the visits table failed. */
export const unavailable = (message: string, cause?: unknown): AppError =>
  new AppError("DEPENDENCY_UNAVAILABLE", message, {
    cause,
    retryAfter: Math.ceil((cause instanceof StoreError && cause.retryAfter) || 5),
  });

export const busy = (message: string): AppError =>
  new AppError("DEPENDENCY_UNAVAILABLE", message, { isBusy: true, retryAfter: 5 });

type Options = {
  readonly page: string;
  /** Called with the time of every response by the store's clock, in milliseconds since 1970. */
  readonly observe: (date: number) => void;
  /** Ends the next call, including the credential, after its time. */
  readonly callSignal: () => AbortSignal;
};

/** Row key of a page's total. */
export const TOTAL = "total";

/** What is optional is absent from rows that an older release wrote, which also removes it from the rows of this one. */
type Row = {
  count: bigint;
  day: string;
  dayCount: bigint;
  dayWrites?: bigint;
  salt?: Uint8Array;
  uniqueSet?: Uint8Array;
  uniqueRegisters?: Uint8Array;
  unique?: bigint;
  approximate?: boolean;
  writers: string;
  closed: string;
};

const toUniquesRow = ({ salt, set, registers, unique, approximate }: DayUniques) => ({
  salt,
  ...(set && { uniqueSet: set }),
  ...(registers && { uniqueRegisters: registers }),
  unique: BigInt(unique),
  approximate,
});

/** @returns nothing for a row without them. A damaged set is worth less than the visits: the day then starts a new one. */
function fromUniquesRow({ salt, uniqueSet, uniqueRegisters, unique, approximate }: Row): { uniques?: DayUniques } {
  const { data } = dayUniques.safeParse({
    salt,
    set: uniqueSet,
    registers: uniqueRegisters,
    unique: Number(unique),
    approximate,
  });
  return data ? { uniques: data } : {};
}

/** Counts are Edm.Int64, for which the SDK uses bigint. They stay below 2^53, since JSON carries them. */
const toRow = (total: Total): Row => ({
  count: BigInt(total.count),
  day: total.day,
  dayCount: BigInt(total.dayCount),
  dayWrites: BigInt(total.dayWrites),
  ...(total.uniques && toUniquesRow(total.uniques)),
  writers: JSON.stringify(total.writers),
  closed: JSON.stringify(total.closed),
});

function fromRow(row: Row): Total {
  const { count, day, dayCount, dayWrites, writers, closed } = row;
  try {
    return totalSchema.parse({
      count: Number(count),
      day,
      dayCount: Number(dayCount),
      dayWrites: Number(dayWrites ?? 0),
      ...fromUniquesRow(row),
      writers: JSON.parse(writers),
      closed: JSON.parse(closed),
    });
  } catch (cause) {
    throw new StoreError("rejected", { cause });
  }
}

/**
 * A row that cannot be written (400), a missing role (401, 403) and a row that is too large (413). Cosmos DB also sends 410
 * and 449, which mean try again, so any status that is not listed is transient.
 */
const FINAL_STATUSES: readonly (number | undefined)[] = [400, 401, 403, 413];

function storeError(cause: unknown): StoreError {
  const status = statusOfSdkError(cause);
  // 404 under an ETag: the row was deleted since it was read. The next read shows that.
  if (status === 412 || status === 409 || status === 404) return new StoreError("conflict", { cause });
  if (FINAL_STATUSES.includes(status)) return new StoreError("rejected", { cause });
  return new StoreError("transient", { cause, retryAfter: retryAfterOfSdkError(cause) });
}

export function createTotalStore(table: TableClient, { page, observe, callSignal }: Options): TotalStore {
  const callOptions = (onDate = observe) => ({
    abortSignal: callSignal(),
    onResponse: ({ headers }: { headers: { get(name: string): string | undefined } }) => {
      const date = Date.parse(headers.get("date") ?? "");
      if (Number.isFinite(date)) onDate(date);
    },
  });
  return {
    async read() {
      let readAt = Number.NaN;
      const options = callOptions((date) => {
        readAt = date;
        observe(date);
      });
      const found = await table.getEntity<Row>(page, TOTAL, options).catch((cause: unknown) => {
        if (statusOfSdkError(cause) === 404) return undefined;
        throw storeError(cause);
      });
      if (!found) return { total: emptyTotal, readAt };
      const { etag, ...row } = found;
      return { total: fromRow(row), etag, readAt };
    },
    async write(total, etag) {
      const entity = { partitionKey: page, rowKey: TOTAL, ...toRow(total) };
      try {
        const response = etag
          ? await table.updateEntity(entity, "Replace", { etag, ...callOptions() })
          : await table.createEntity(entity, callOptions());
        return response.etag ?? "";
      } catch (cause) {
        // 404 for a new row means that the table is missing, which only a deployment repairs.
        if (!etag && statusOfSdkError(cause) === 404) throw new StoreError("rejected", { cause });
        throw storeError(cause);
      }
    },
    async writeDay(numbers) {
      const entity = { partitionKey: page, rowKey: dayRowKey(numbers.day), ...toDayRow(numbers) };
      await table.upsertEntity(entity, "Replace", callOptions());
    },
  };
}
