// The counting rule: what one row holds, and the row after a commit. Pure; docs/decisions/005 says why it is exact.
import { z } from "zod";
import type { StoreTime } from "../lib/store-clock.ts";
import { type DayNumbers, dayNumbers } from "./day-rows.ts";
import { dayUniques, noUniques, type VisitorHash, withVisitors } from "./uniques.ts";

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
  /** The day's different visitors after that commit. */
  unique: count.optional(),
  /** Time of that commit by the store's clock, in milliseconds since 1970. */
  at: z.number(),
});

export const totalSchema = z.object({
  count,
  day,
  dayCount: count,
  /** Commits on that day. */
  dayWrites: count,
  /** Absent without visits on that day, from a row of an older release, and where uniques are off. */
  uniques: dayUniques.optional(),
  /** Last commit of each live writer, by writer id. */
  writers: z.record(z.string(), writerEntry),
  /** Past days whose own row may not be written yet. */
  closed: z.array(dayNumbers),
});

export type WriterEntry = z.infer<typeof writerEntry>;
export type Total = z.infer<typeof totalSchema>;

/** Visits that one commit counts. It does not change between attempts. */
export type Batch = {
  readonly writer: string;
  readonly commit: number;
  readonly visits: number;
  /** One for each of these visits whose visitor may be hashed. */
  readonly visitors: readonly VisitorHash[];
  /** How many of these visits the cost brake held: their visitors are unknown. */
  readonly held: number;
  /** The day when it was frozen, just before the first attempt. */
  readonly day: string;
};

/** A writer without a commit for this long has given up its batches, and its entry is dropped. Far beyond the retry window. */
export const ENTRY_LIFE_MS = 10 * 60_000;
/** For this long after its first attempt, a batch whose entry is absent is not applied. The other half is a margin. */
export const PROOF_MS = ENTRY_LIFE_MS / 2;
export const MAX_WRITERS = 64;

export const emptyTotal: Total = { count: 0, day: "", dayCount: 0, dayWrites: 0, writers: {}, closed: [] };

/** The current day of the row, when it has visits. */
function currentDay({ day, dayCount, uniques }: Total): DayNumbers[] {
  if (dayCount === 0) return [];
  const { unique, approximate } = uniques ?? {};
  return [{ day, count: dayCount, ...(unique !== undefined && { unique }), ...(approximate && { approximate }) }];
}

/** The days that the row knows: past ones whose own row may not be written yet, and the current one, oldest first. */
export const daysOf = (total: Total): readonly DayNumbers[] => [...total.closed, ...currentDay(total)];

/** Whether the row already contains the batch. */
export function isApplied(total: Total, { writer, commit }: Batch): boolean {
  return total.writers[writer]?.commit === commit;
}

/**
 * A day never goes back.
 * @returns the row at the beginning of the day, without the salt and the visitors of the one before; the same row unless
 * its day is over
 */
export function turnedTo(day: string, total: Total): Total {
  if (day <= total.day) return total;
  const { uniques: _, ...kept } = total;
  return { ...kept, day, dayCount: 0, dayWrites: 0, closed: [...daysOf(total)] };
}

/** @returns the row when its day is over and has visits, turned to the current day; otherwise undefined */
export const withDayOver = (total: Total, today: string): Total | undefined =>
  total.dayCount > 0 && total.day < today ? turnedTo(today, total) : undefined;

export type CommitInputs = {
  readonly now: StoreTime;
  /** Days whose own row is written. */
  readonly writtenDays: ReadonlySet<string>;
  /** For a day that has none yet. Only the salt that is written counts. Undefined where uniques are off. */
  readonly salt: Uint8Array | undefined;
};

/** @returns the row after the batch, or undefined when too many other writers are live */
export function withBatch(before: Total, batch: Batch, { now, writtenDays, salt }: CommitInputs): Total | undefined {
  const others = Object.entries(before.writers).filter(
    ([writer, { at }]) => writer !== batch.writer && now.earliest - at < ENTRY_LIFE_MS,
  );
  if (others.length >= MAX_WRITERS) return undefined;
  const { uniques: known, ...total } = turnedTo(batch.day, before);
  const count = total.count + batch.visits;
  const dayCount = total.dayCount + batch.visits;
  // Visits of the day without a set have unknown visitors: an older release counted them, or uniques were off.
  const uniques =
    salt &&
    withVisitors(known ?? noUniques(salt, total.dayCount > 0), {
      visitors: batch.visitors,
      isPartial: batch.held > 0,
      dayCount,
    });
  const { unique } = uniques ?? {};
  const entry: WriterEntry = {
    commit: batch.commit,
    count,
    today: dayCount,
    ...(unique !== undefined && { unique }),
    at: now.latest,
  };
  return {
    ...total,
    count,
    dayCount,
    dayWrites: total.dayWrites + 1,
    ...(uniques && { uniques }),
    writers: { ...Object.fromEntries(others), [batch.writer]: entry },
    closed: total.closed.filter((old) => !writtenDays.has(old.day)),
  };
}

/** @param options.today day of the site by the store's clock; a row of a past day is not over its budget */
export function isOverBudget(
  { dayWrites, day }: Total,
  { budget, today }: { budget: number; today: () => string },
): boolean {
  // The budget is compared first: every visit comes here, and formatting a day is slow.
  return dayWrites >= budget && day >= today();
}

/** How many other writers committed within the last `ms`. */
export function rivals(total: Total, writer: string, { now, ms }: { now: StoreTime; ms: number }): number {
  return Object.entries(total.writers).filter(([other, { at }]) => other !== writer && now.latest - at < ms).length;
}
