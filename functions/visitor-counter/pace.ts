// How writers share one row: how soon a writer tries again, and when it begins its next commit. docs/decisions/019 explains it.
import type { Total } from "./total.ts";
import type { StoredTotal, StoreError } from "./total-store.ts";

/** A writer that committed this recently competes for the row. */
export const RIVAL_MS = 2_000;
/** Write times from one writer's turn to the next: a read, a write, and room for both to be slow. */
const SLOT_WRITES = 2.5;
/** A slot is at most this much longer than the time between the commits that the row shows. */
const SLOT_INTERVALS = 1.2;
/** Slots that a writer leaves to each writer whose turn is before its own; it has used a part of the first one already. */
const WAIT_SLOTS = 0.8;
/** Times that a batch lets others go first. A writer that is due and has no visits does not hold up the rest for long. */
const MAX_TURN_WAITS = 2;
/** No slow write makes a writer wait for seconds. */
const MAX_WAIT_MS = 500;
/** Under load a commit begins this long after the one before, so that more visits share it. */
const LINGER_MS = 5;

const BACKOFF_MS = 8;
const MAX_BACKOFF_MS = 1_000;
/** A writer that lost a race tries again soon, while the winner waits for its next turn. */
const CONFLICT_BACKOFF_MS = 4;
const MAX_CONFLICT_BACKOFF_MS = 64;

type Commit = {
  /** The row after the commit. */
  readonly total: Total;
  /** Time on the monotonic clock. */
  readonly at: number;
};

type CommitResult = Commit & {
  /** Other writers that committed within `RIVAL_MS`. */
  readonly others: number;
  readonly visits: number;
  /** Milliseconds that the write took; 0 when it is not known. */
  readonly writeMs: number;
};

export type Pace = {
  /** @returns milliseconds until the writer may begin its next commit */
  pauseAfter(commit: CommitResult): number;
  /** Reads the row. Under load it leaves the row to the writers whose turn is before, and reads again. */
  readInTurn(read: () => Promise<StoredTotal>, isUnderLoad: () => boolean): Promise<StoredTotal>;
};

const commitOf = (total: Total, writer: string) => total.writers[writer]?.commit ?? 0;

type Options = { readonly writer: string; readonly sleep: (ms: number) => Promise<unknown> };

export function createPace({ writer, sleep }: Options): Pace {
  let last: Commit | undefined;
  let previous: Commit | undefined;
  let writeTime = Number.POSITIVE_INFINITY;
  let slot = 0;
  const others = (total: Total) => Object.keys(total.writers).filter((other) => other !== writer);

  /** Commits of other writers in a millisecond, since this writer's last one. */
  function rateOfOthers({ total, at }: Commit): number {
    if (!last) return Number.POSITIVE_INFINITY;
    const before = last.total;
    // A writer that is new to the row counts once: how many commits it has made elsewhere is unknown.
    const commits = others(total).map((other) =>
      other in before.writers ? commitOf(total, other) - commitOf(before, other) : 1,
    );
    return commits.reduce((sum, count) => sum + count, 0) / Math.max(1, at - last.at);
  }

  /** Turns go round: due are the writers that committed before this one's last commit, and not since. */
  function waitForTurn(total: Total): number {
    if (!previous || !last) return 0;
    const [before, earlier] = [last.total, previous.total];
    const due = others(total).filter((other) => {
      const commit = commitOf(total, other);
      return commit === commitOf(before, other) && commit !== commitOf(earlier, other);
    });
    return Math.min(MAX_WAIT_MS, due.length * slot * WAIT_SLOTS);
  }

  return {
    pauseAfter({ total, at, others, visits, writeMs }) {
      if (writeMs > 0) writeTime = Number.isFinite(writeTime) ? writeTime + (writeMs - writeTime) / 4 : writeMs;
      const rate = rateOfOthers({ total, at });
      slot = Number.isFinite(writeTime) ? SLOT_WRITES * writeTime : 0;
      // A writer with slow calls would otherwise give itself fewer turns than the others give it.
      if (last && rate > 0) slot = Math.min(slot, SLOT_INTERVALS / (rate + 1 / Math.max(1, at - last.at)));
      [previous, last] = [last, { total, at }];
      // Of rivals that commit rarely, few will do so within a round.
      const competing = slot > 0 ? Math.min(others, rate * (others + 1) * slot) : 0;
      // Under load the row stays free for one write time, also without known rivals. A newcomer reads and writes in that
      // time; otherwise it would meet a new ETag every time.
      const gap = visits > 1 ? Math.max(LINGER_MS - writeMs, writeMs) : 0;
      return Math.max(gap, Math.min(MAX_WAIT_MS, competing * slot));
    },
    async readInTurn(read, isUnderLoad) {
      for (let waits = 0; ; waits++) {
        const row = await read();
        const wait = waits < MAX_TURN_WAITS && isUnderLoad() ? waitForTurn(row.total) : 0;
        if (wait === 0) return row;
        await sleep(wait);
      }
    },
  };
}

/**
 * Exponential back-off with full jitter, and at least the store's Retry-After.
 * @param failures attempts that failed before this one
 * @param random from 0 up to 1
 * @returns milliseconds from this failure to the next attempt
 */
export function backoffAfter({ kind, retryAfter = 0 }: StoreError, failures: number, random: number): number {
  const [first, longest] =
    kind === "conflict" ? [CONFLICT_BACKOFF_MS, MAX_CONFLICT_BACKOFF_MS] : [BACKOFF_MS, MAX_BACKOFF_MS];
  return Math.max(random * Math.min(longest, first * 2 ** failures), retryAfter * 1_000);
}
