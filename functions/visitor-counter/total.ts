// The counting rule: what one row holds, and what one commit makes of it. Pure; docs/decisions/005 says why it is exact.
import { z } from "zod";

const count = z.int().nonnegative();
/** Calendar day of the site, YYYY-MM-DD; the empty string before the first visit. */
const day = z.string().regex(/^(?:\d{4}-\d{2}-\d{2})?$/);

const writerEntry = z.object({
  /** Number of this writer's last commit; commits of a writer are numbered from 1. */
  commit: count,
  /** The total after that commit. */
  count,
  /** The day's count after that commit. */
  today: count,
  /** When it was made: milliseconds since 1970 by the store's clock. */
  at: z.number(),
});

export const totalSchema = z.object({
  count,
  day,
  dayCount: count,
  /** Commits on that day. */
  dayWrites: count,
  /** Last commit of each live writer, by writer id. */
  writers: z.record(z.string(), writerEntry),
  /** Days that are over and whose own row is not known to be written yet. */
  closed: z.array(z.object({ day, count })),
});

export type WriterEntry = z.infer<typeof writerEntry>;
export type Total = z.infer<typeof totalSchema>;

/** Visits that travel together. Frozen when first sent: every attempt carries the same writer, number and visits. */
export type Batch = {
  readonly writer: string;
  readonly commit: number;
  readonly visits: number;
  /** The day when it was frozen. */
  readonly day: string;
};

/** By the store's clock, from the same answer: a range, because our clocks may have been stepped or suspended since. */
export type StoreTime = { readonly earliest: number; readonly latest: number };

/** A writer this long silent has given up every batch: its entry is of no use. Far beyond the retry window. */
export const ENTRY_LIFE_MS = 10 * 60_000;
/** For this long a batch's absence from the row proves that it was not applied, with as much again to spare. */
export const PROOF_MS = ENTRY_LIFE_MS / 2;
export const MAX_WRITERS = 64;

export const emptyTotal: Total = { count: 0, day: "", dayCount: 0, dayWrites: 0, writers: {}, closed: [] };

/** Whether the row already contains the batch. */
export function isApplied(total: Total, { writer, commit }: Batch): boolean {
  return total.writers[writer]?.commit === commit;
}

/**
 * The row after a batch, or undefined when too many other writers are live to admit this one. A day never goes back.
 * @param written days whose own row is known to stand
 */
export function withBatch(
  total: Total,
  batch: Batch,
  { now, written }: { now: StoreTime; written: ReadonlySet<string> },
): Total | undefined {
  const others = Object.entries(total.writers).filter(
    ([writer, { at }]) => writer !== batch.writer && now.earliest - at < ENTRY_LIFE_MS,
  );
  if (others.length >= MAX_WRITERS) return undefined;
  const turns = batch.day > total.day;
  const closed = total.closed.filter((old) => !written.has(old.day));
  if (turns && total.dayCount > 0) closed.push({ day: total.day, count: total.dayCount });
  const count = total.count + batch.visits;
  const dayCount = (turns ? 0 : total.dayCount) + batch.visits;
  const entry: WriterEntry = { commit: batch.commit, count, today: dayCount, at: now.latest };
  return {
    count,
    day: turns ? batch.day : total.day,
    dayCount,
    dayWrites: (turns ? 0 : total.dayWrites) + 1,
    writers: { ...Object.fromEntries(others), [batch.writer]: entry },
    closed,
  };
}

/** How many other writers committed within the last `ms`. */
export function rivals(total: Total, writer: string, { now, ms }: { now: StoreTime; ms: number }): number {
  return Object.entries(total.writers).filter(([other, { at }]) => other !== writer && now.latest - at < ms).length;
}
