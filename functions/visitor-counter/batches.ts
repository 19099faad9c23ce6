// One writer's batches on one row: each is frozen when first sent, and tried until the row tells what became of it.
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { pauseAfter, RIVAL_MS } from "./pace.ts";
import type { StoreClock } from "./store-clock.ts";
import {
  type Batch,
  isApplied,
  MAX_WRITERS,
  PROOF_MS,
  rivals,
  type Total,
  type WriterEntry,
  withBatch,
} from "./total.ts";
import { type StoredTotal, StoreFailure, type TotalStore } from "./total-store.ts";

export type BatchesOptions = {
  readonly page: string;
  readonly store: TotalStore;
  readonly clock: StoreClock;
  /** Day of the site at an instant of the store's clock. */
  readonly dayOf: (time: number) => string;
  /** Unique to this process. */
  readonly writer: string;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Milliseconds on a clock that is never stepped. */
  readonly elapsed: () => number;
  readonly random: () => number;
  /** A batch is tried for this long at a time. */
  readonly windowMs: number;
  readonly log: Pick<Log, "warn">;
  readonly meter: Meter;
};

export type Batches = {
  /**
   * Makes a batch to be. Each call of what it returns waits for the writer's turn and tries for `windowMs`; a call after
   * one that failed goes on with the same batch. No other batch may be tried until it has ended.
   * @param take says how many visits travel, just before the batch is frozen; 0 writes nothing after all
   * @returns what the batch was given, or undefined without one; rejects with a StoreFailure
   */
  open(take: () => number): () => Promise<WriterEntry | undefined>;
  /** The next batch begins by reading the row. */
  forget(): void;
};

type Frozen = {
  readonly batch: Batch;
  /** Time of the store before which no attempt that may still count was sent. */
  since: number;
  /** The ETag of the latest attempt; those under others can no longer be applied. */
  under: string | undefined;
};

const BACKOFF_MS = 8;
const MAX_BACKOFF_MS = 1_000;
/** A lost race is tried again soon: what keeps the row free is the pace of those who won. */
const MAX_CONFLICT_BACKOFF_MS = 64;

/** @param see is told of the row whenever it is read or written */
export function createBatches(options: BatchesOptions, see: (total: Total) => void): Batches {
  const { page, store, clock, dayOf, elapsed, log, meter, writer, sleep, random, windowMs } = options;
  const written = new Set<string>();
  let commits = 0;
  let row: StoredTotal | undefined;
  let notBefore = 0;

  async function writeClosedDays({ closed }: Total) {
    for (const { day, count } of closed.filter((old) => !written.has(old.day)))
      await store.writeDay(day, count).then(
        () => written.add(day),
        // Mended after the next commit, which finds the day still in the row.
        (error: unknown) => log.warn("day-not-written", { page, day, count, error }),
      );
  }

  async function read(): Promise<StoredTotal> {
    const found = await store.read();
    see(found.total);
    return found;
  }

  function freeze(visits: number): Frozen {
    const since = clock.now().earliest;
    return { batch: { writer, commit: ++commits, visits, day: dayOf(since) }, since, under: undefined };
  }

  /** Makes sure that the absence of the batch from the row just read proves that it was not applied. */
  function requireProof(frozen: Frozen, { etag }: StoredTotal) {
    // Not one write was applied since the latest attempt was sent.
    if (etag === frozen.under) return;
    // Otherwise, only while nobody can have dropped the entry for its age. The store's own clock decides: this process
    // may have been suspended.
    const { earliest, latest } = clock.now();
    if (latest - frozen.since > PROOF_MS) throw new StoreFailure("uncertain");
    // The row has left the ETags of all attempts: none of them can be applied any more.
    frozen.since = earliest;
  }

  async function write({ total, etag }: StoredTotal, frozen: Frozen): Promise<Total> {
    const next = withBatch(total, frozen.batch, { now: clock.now(), written });
    if (!next) throw new StoreFailure("refused", { cause: new Error(`More than ${MAX_WRITERS} writers are live`) });
    frozen.under = etag;
    const sent = elapsed();
    row = { total: next, etag: await store.write(next, etag) };
    see(next);
    const writeMs = elapsed() - sent;
    const others = rivals(next, writer, { now: clock.now(), ms: RIVAL_MS });
    // Among rivals the remembered ETag would be stale.
    if (others > 0) row = undefined;
    notBefore = elapsed() + pauseAfter({ others, visits: frozen.batch.visits, writeMs }, random());
    return next;
  }

  function open(take: () => number) {
    let frozen: Frozen | undefined;

    /** The row that holds the batch; undefined when there is nothing to write. */
    async function attempt(): Promise<Total | undefined> {
      row ??= await read();
      if (frozen) {
        if (isApplied(row.total, frozen.batch)) return row.total;
        requireProof(frozen, row);
      } else {
        const visits = take();
        if (visits === 0) return undefined;
        frozen = freeze(visits);
      }
      return write(row, frozen);
    }

    return async () => {
      const wait = notBefore - elapsed();
      if (wait > 0) await sleep(wait);
      const began = elapsed();
      for (let failures = 0; ; failures++) {
        try {
          const total = await attempt();
          if (!total || !frozen) return undefined;
          meter.measure("visits", frozen.batch.visits, { page });
          meter.measure("counter_batch_size", frozen.batch.visits, { page });
          if (total.closed.length > 0) void writeClosedDays(total);
          // Another writer may have committed since: the entry, not the row's own count, is what this batch was given.
          return total.writers[writer];
        } catch (thrown) {
          row = undefined;
          const failure = thrown instanceof StoreFailure ? thrown : new StoreFailure("refused", { cause: thrown });
          const longest = failure.kind === "conflict" ? MAX_CONFLICT_BACKOFF_MS : MAX_BACKOFF_MS;
          const backoff = random() * Math.min(longest, BACKOFF_MS * 2 ** failures);
          const delay = Math.max(backoff, (failure.retryAfter ?? 0) * 1000);
          const final = failure.kind === "refused" || failure.kind === "uncertain";
          if (final || elapsed() + delay - began > windowMs) throw failure;
          await sleep(delay);
        }
      }
    };
  }

  return {
    open,
    forget: () => {
      row = undefined;
    },
  };
}
