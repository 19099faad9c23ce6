// Visits that arrive while a write is under way share the next one. One writer, one batch in flight, no SDK in sight.
import { AppError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { StoreClock } from "./store-clock.ts";
import { type Batch, isApplied, MAX_WRITERS, rivals, type Total, type WriterEntry, withBatch } from "./total.ts";

/** What one visit is told: the page's total after it, and the day's. */
export type Visit = { readonly count: number; readonly today: number };

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

/** Conflict: the row is not what it was when read. Refused: trying again is of no use. Unknown: anything else. */
export class StoreFailure extends Error {
  override name = "StoreFailure";
  readonly kind: "conflict" | "refused" | "unknown";
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

export type GroupCommitOptions = {
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
  /** A batch is given up this long after it was first tried; far below the life of an entry. */
  readonly windowMs: number;
  readonly log: Pick<Log, "warn">;
};

/** Visits that may wait for the next batch; beyond it they are refused at once. */
const MAX_WAITING = 10_000;
const BACKOFF_MS = 8;
const MAX_BACKOFF_MS = 1_000;
/** A lost race is tried again soon: what keeps the row free is the pace of those who won. */
const MAX_CONFLICT_BACKOFF_MS = 64;
/** A writer that committed this recently competes for the row. */
const RIVAL_MS = 2_000;
/** Write times that a writer leaves to each rival, on average, before its own next write. */
const SHARE = 3;
/** One slow write is no reason to stand aside for seconds. */
const MAX_TURN_MS = 500;
/** Under load a commit begins this long after the one before, so that more visits share it. */
const LINGER_MS = 5;

type Waiting = { resolve(visit: Visit): void; reject(error: AppError): void };

/**
 * Counts visits on one page's row, exactly: a visit that is answered was counted once. See docs/decisions/005.
 * @returns counts one visit; rejects with DEPENDENCY_UNAVAILABLE when the store fails for `windowMs`, refuses, or
 *   too many visits wait. Only a visit so rejected may or may not have been counted.
 */
export function createGroupCommit(options: GroupCommitOptions): () => Promise<Visit> {
  const { store, clock, dayOf, elapsed, log, writer, sleep, random, windowMs } = options;
  const written = new Set<string>();
  const waiting: Waiting[] = [];
  let running = false;
  let commits = 0;
  let row: StoredTotal | undefined;
  let notBefore = 0;

  async function writeClosedDays({ closed }: Total) {
    for (const { day, count } of closed.filter((old) => !written.has(old.day)))
      await store.writeDay(day, count).then(
        () => written.add(day),
        // Mended after the next commit, which finds the day still in the row.
        (error: unknown) => log.warn("day-not-written", { day, count, error }),
      );
  }

  /** Takes what waits, writes it, and returns the row that holds it; throws a StoreFailure when it gives up. */
  async function commit(taken: Waiting[]): Promise<Total> {
    const began = elapsed();
    let batch: Batch | undefined;
    let frozenAt = 0;
    for (let failures = 0; ; failures++) {
      try {
        row ??= await store.read();
        if (batch) {
          if (isApplied(row.total, batch)) return row.total;
          // Its absence proves that the batch was not applied only while nobody can have dropped the entry for its
          // age. The store's own clock decides: this process may have been suspended.
          if (clock.now().latest - frozenAt > windowMs) throw new StoreFailure("refused");
        } else {
          taken.push(...waiting.splice(0));
          frozenAt = clock.now().earliest;
          batch = { writer, commit: ++commits, visits: taken.length, day: dayOf(frozenAt) };
        }
        const total = withBatch(row.total, batch, { now: clock.now(), written });
        if (!total)
          throw new StoreFailure("refused", { cause: new Error(`More than ${MAX_WRITERS} writers are live`) });
        const sent = elapsed();
        row = { total, etag: await store.write(total, row.etag) };
        pace(total, taken.length, elapsed() - sent);
        return total;
      } catch (thrown) {
        row = undefined;
        const failure = thrown instanceof StoreFailure ? thrown : new StoreFailure("refused", { cause: thrown });
        const longest = failure.kind === "conflict" ? MAX_CONFLICT_BACKOFF_MS : MAX_BACKOFF_MS;
        const backoff = random() * Math.min(longest, BACKOFF_MS * 2 ** failures);
        const delay = Math.max(backoff, (failure.retryAfter ?? 0) * 1000);
        if (failure.kind === "refused" || elapsed() + delay - began > windowMs) throw failure;
        await sleep(delay);
      }
    }
  }

  /** Decides when the next commit may begin, and whether the row is worth remembering until then. */
  function pace(total: Total, visits: number, writeMs: number) {
    const others = rivals(total, writer, { now: clock.now(), ms: RIVAL_MS });
    // Among rivals the remembered ETag would be stale, and a winner that wrote again at once would starve the rest.
    if (others > 0) row = undefined;
    const turn = Math.min(MAX_TURN_MS, (0.5 + random()) * SHARE * others * writeMs);
    // Under load the row is left alone for one write, known rivals or not: a newcomer reads and writes within it, where
    // it would otherwise meet a new ETag every time.
    const gap = visits > 1 ? Math.max(LINGER_MS - writeMs, writeMs) : 0;
    notBefore = elapsed() + Math.max(turn, gap);
  }

  async function run() {
    running = true;
    while (waiting.length > 0) {
      const wait = notBefore - elapsed();
      if (wait > 0) await sleep(wait);
      const taken: Waiting[] = [];
      try {
        const total = await commit(taken);
        // Another writer may have committed since: the entry, not the row's own count, tells what this batch was given.
        const { count, today } = total.writers[writer] as WriterEntry;
        taken.forEach(({ resolve }, index) => {
          const after = taken.length - 1 - index;
          resolve({ count: count - after, today: today - after });
        });
        if (total.closed.length > 0) void writeClosedDays(total);
      } catch (cause) {
        // Those still waiting are refused too: each has waited for this batch already, and none may wait without end.
        const retryAfter = Math.ceil((cause instanceof StoreFailure && cause.retryAfter) || 5);
        const error = new AppError("DEPENDENCY_UNAVAILABLE", "The visit could not be counted", { cause, retryAfter });
        for (const { reject } of [...taken, ...waiting.splice(0)]) reject(error);
      }
    }
    running = false;
  }

  return () => {
    if (waiting.length >= MAX_WAITING)
      return Promise.reject(
        new AppError("DEPENDENCY_UNAVAILABLE", `More than ${MAX_WAITING} visits wait for the store`, { retryAfter: 5 }),
      );
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      if (!running) void run();
    });
  };
}
