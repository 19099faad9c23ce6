// How soon a writer may begin its next commit: leaving the row to the others, and to the visits that are to share it. Pure.

/** A writer that committed this recently competes for the row. */
export const RIVAL_MS = 2_000;
/** Write times that a writer leaves to each rival, on average, before its own next write. */
const SHARE = 3;
/** One slow write is no reason to stand aside for seconds. */
const MAX_TURN_MS = 500;
/** Under load a commit begins this long after the one before, so that more visits share it. */
const LINGER_MS = 5;

type Write = {
  /** Other writers that competed for the row. */
  readonly others: number;
  readonly visits: number;
  /** How long it took, in milliseconds. */
  readonly writeMs: number;
};

/**
 * @param random from 0 up to 1
 * @returns milliseconds from the end of this write to the beginning of the writer's next commit
 */
export function pauseAfter({ others, visits, writeMs }: Write, random: number): number {
  // A winner that wrote again at once would starve the rest.
  const turn = Math.min(MAX_TURN_MS, (0.5 + random) * SHARE * others * writeMs);
  // Under load the row is left alone for one write, known rivals or not: a newcomer reads and writes within it, where
  // it would otherwise meet a new ETag every time.
  const gap = visits > 1 ? Math.max(LINGER_MS - writeMs, writeMs) : 0;
  return Math.max(turn, gap);
}
