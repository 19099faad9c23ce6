// How soon a writer tries again, and how soon it begins its next commit. Pure.
import type { StoreError } from "./total-store.ts";

/** A writer that committed this recently competes for the row. */
export const RIVAL_MS = 2_000;
/** Write times that a writer leaves to each rival, on average, before its own next write. */
const SHARE = 3;
/** One slow write does not make a writer wait for seconds. */
const MAX_TURN_MS = 500;
/** Under load a commit begins this long after the one before, so that more visits share it. */
const LINGER_MS = 5;

const BACKOFF_MS = 8;
const MAX_BACKOFF_MS = 1_000;
/** After a lost race the wait stays short: the winners already leave the row free for a while. */
const MAX_CONFLICT_BACKOFF_MS = 64;

type Write = {
  /** Other writers that competed for the row. */
  readonly others: number;
  readonly visits: number;
  /** Milliseconds that the write took. */
  readonly writeMs: number;
};

/**
 * @param random from 0 up to 1
 * @returns milliseconds from the end of this write to the beginning of the writer's next commit
 */
export function pauseAfter({ others, visits, writeMs }: Write, random: number): number {
  // A winner that wrote again at once would starve the rest.
  const turn = Math.min(MAX_TURN_MS, (0.5 + random) * SHARE * others * writeMs);
  // Under load the row stays free for one write time, also without known rivals. A newcomer reads and writes in that
  // time; otherwise it would meet a new ETag every time.
  const gap = visits > 1 ? Math.max(LINGER_MS - writeMs, writeMs) : 0;
  return Math.max(turn, gap);
}

/**
 * Exponential back-off with full jitter, and at least the store's Retry-After.
 * @param failures attempts that failed before this one
 * @param random from 0 up to 1
 * @returns milliseconds from this failure to the next attempt
 */
export function backoffAfter({ kind, retryAfter = 0 }: StoreError, failures: number, random: number): number {
  const longest = kind === "conflict" ? MAX_CONFLICT_BACKOFF_MS : MAX_BACKOFF_MS;
  return Math.max(random * Math.min(longest, BACKOFF_MS * 2 ** failures), retryAfter * 1_000);
}
