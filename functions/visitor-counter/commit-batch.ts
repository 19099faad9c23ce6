// Commits one batch to the row of a page: tries until the row shows that the batch is applied, or until its time is over.
import type { Log } from "../lib/log.ts";
import type { StoreClock } from "../lib/store-clock.ts";
import { backoffAfter } from "./pace.ts";
import { type Batch, isApplied, MAX_WRITERS, PROOF_MS, type Total, withBatch } from "./total.ts";
import { type StoredTotal, StoreError, type TotalStore } from "./total-store.ts";

export type CommitContext = {
  readonly store: TotalStore;
  readonly clock: StoreClock;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Milliseconds on a monotonic clock. */
  readonly elapsed: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** A random salt for a day that has none; undefined where uniques are off. */
  readonly createSalt: () => Uint8Array | undefined;
};

export type BatchToCommit = {
  readonly batch: Batch;
  /** Earliest time of the store when the batch was frozen. */
  readonly frozenAt: number;
  /** The row as last read or written, for the first attempt. */
  readonly row: StoredTotal;
  /** Days whose own row is written. */
  readonly writtenDays: ReadonlySet<string>;
};

/** The row that holds the batch. Another writer may have committed since, so the writer's entry has the batch's numbers. */
export type Commit = StoredTotal & {
  /** Milliseconds of the write; 0 when the row already held the batch. */
  readonly writeMs: number;
};

type TimeLimit = Pick<CommitContext, "sleep"> & {
  /** Time of `elapsed` after which no attempt starts. */
  until(): number;
  start(ms: number): void;
  /** Leaves at most `ms` from now, and ends the sleep that is running. */
  shorten(ms: number): void;
};

/** The time of one batch after the other. */
export function createTimeLimit({ sleep, elapsed }: Pick<CommitContext, "sleep" | "elapsed">): TimeLimit {
  let end = 0;
  let wake = () => {};
  return {
    until: () => end,
    start(ms) {
      end = elapsed() + ms;
    },
    shorten(ms) {
      end = Math.min(end, elapsed() + ms);
      wake();
    },
    sleep: (ms) =>
      new Promise<void>((resolve) => {
        wake = resolve;
        void sleep(ms).then(() => resolve());
      }),
  };
}

/**
 * Repeats an attempt after each failure that can pass.
 * @param until returns the time of `elapsed` after which no attempt starts; it may become earlier meanwhile
 * @throws {StoreError} the last failure
 */
export async function retryUntil<T>(
  until: () => number,
  attempt: () => Promise<T>,
  { elapsed, random, sleep }: CommitContext,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (thrown) {
      const error = thrown instanceof StoreError ? thrown : new StoreError("rejected", { cause: thrown });
      const delay = backoffAfter(error, failures, random());
      if (error.isFinal || elapsed() + delay > until()) throw error;
      await sleep(delay);
    }
  }
}

/**
 * The store applies at most one of the attempts; docs/decisions/005 has the proof.
 * @param until returns the time of `elapsed` after which no attempt starts; it may become earlier meanwhile
 * @throws {StoreError} the batch may or may not be applied, now or later
 */
export function commitBatch(
  { batch, frozenAt, row, writtenDays }: BatchToCommit,
  until: () => number,
  context: CommitContext,
): Promise<Commit> {
  const { store, clock, elapsed, createSalt } = context;
  let known: StoredTotal | undefined = row;

  /** Reads the row after a failed attempt. @returns the row and whether it holds the batch */
  async function readAgain() {
    const { readAt, ...found } = await store.read();
    if (isApplied(found.total, batch)) return { ...found, applied: true };
    // The entry may have been dropped for its age, so its absence proves nothing. This happens after a suspension. Only
    // the time of this read counts: the clock may have observed an older response since. NaN proves nothing either.
    if (!(readAt - frozenAt <= PROOF_MS)) throw new StoreError("uncertain");
    return { ...found, applied: false };
  }

  async function attempt(): Promise<Commit> {
    const { total, etag, applied } = known ? { ...known, applied: false } : await readAgain();
    known = undefined;
    if (applied) return { total, ...(etag !== undefined && { etag }), writeMs: 0 };
    const next = withBatch(total, batch, { now: clock.now(), writtenDays, salt: createSalt() });
    if (!next) throw new StoreError("rejected", { cause: new Error(`More than ${MAX_WRITERS} writers are live`) });
    const began = elapsed();
    const written = await store.write(next, etag);
    return { total: next, etag: written, writeMs: elapsed() - began };
  }

  return retryUntil(until, attempt, context);
}

/** Writes the rows of past days, and adds each to the written ones. A day that fails stays in the row for the next commit. */
export async function writeClosedDays(
  { closed }: Total,
  writtenDays: Set<string>,
  { page, store, log }: Pick<CommitContext, "store"> & { readonly page: string; readonly log: Pick<Log, "warn"> },
): Promise<void> {
  for (const numbers of closed.filter(({ day }) => !writtenDays.has(day)))
    await store.writeDay(numbers).then(
      () => writtenDays.add(numbers.day),
      (error: unknown) => log.warn("day-not-written", { page, day: numbers.day, count: numbers.count, error }),
    );
}
