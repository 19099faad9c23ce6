// The numbers in the response to a visit, and a visit that waits for them.
import type { AppError } from "../lib/errors.ts";
import type { Total, WriterEntry } from "./total.ts";
import type { VisitorHash } from "./uniques.ts";

/** The page's total after the visit, and the day's. */
export type Visit = {
  readonly count: number;
  readonly today: number;
  /** The day's different visitors. Absent where uniques are off, or the visitor may not be hashed. */
  readonly uniqueToday?: number;
  /** The cost brake is on: the numbers are the last ones that this instance knows, and not the visit's own. */
  readonly degraded?: true;
};

export type WaitingVisit = {
  /** Undefined if the visitor may not be hashed. */
  readonly visitor: VisitorHash | undefined;
  resolve(visit: Visit): void;
  reject(error: AppError): void;
};

const uniqueOf = (visitor: VisitorHash | undefined, unique: number | undefined) =>
  visitor && unique !== undefined ? { uniqueToday: unique } : {};

/** The response to a visit while the cost brake is on. */
export const degradedVisit = ({ count, dayCount, uniques }: Total, visitor: VisitorHash | undefined): Visit => ({
  count,
  today: dayCount,
  ...uniqueOf(visitor, uniques?.unique),
  degraded: true,
});

/** Gives each visit of a batch its number, in the order in which they arrived. They share the number of visitors. */
export function resolveVisits(visits: readonly WaitingVisit[], { count, today, unique }: WriterEntry): void {
  for (const [index, { resolve, visitor }] of visits.entries()) {
    const after = visits.length - 1 - index;
    resolve({ count: count - after, today: today - after, ...uniqueOf(visitor, unique) });
  }
}
