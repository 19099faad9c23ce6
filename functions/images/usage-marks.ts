// Marks of months: one is written before a record of the month changes what is counted, so that a timer counts it again.
import type { TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";

/** Partition of an owner's marks and counts. */
export const usagePartition = (owner: string): string => `${owner}_usage`;
export const markKey = (month: string): string => `mark_${month}`;

export type MarkRow = { readonly isMarked: boolean; readonly markedAt: Date };

/**
 * A mark stays for so long after it was written: by then a write that it was for has ended, since the host ends an
 * invocation after five minutes.
 */
export const SETTLED_MS = 10 * 60_000;
/** A mark counts for further writes of this instance. */
const REUSED_MS = 60_000;
/** A write that ends later than this after its mark, for example after the instance was suspended, marks again. */
const LATE_MS = 5 * 60_000;
const CALL_MS = 10_000;
const MAX_KNOWN = 10_000;

export type UsageMarks = {
  /**
   * Marks the month, at most once a minute, and writes then.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when the table fails, and what `write` throws
   */
  around<T>(owner: string, month: string, write: () => Promise<T>): Promise<T>;
};

export async function writeMark(table: TableClient, key: { owner: string; month: string }, now: number): Promise<void> {
  const keys = { partitionKey: usagePartition(key.owner), rowKey: markKey(key.month) };
  const row: MarkRow = { isMarked: true, markedAt: new Date(now) };
  try {
    await table.upsertEntity({ ...keys, ...row }, "Replace", { abortSignal: AbortSignal.timeout(CALL_MS) });
  } catch (cause) {
    throw new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });
  }
}

export function createUsageMarks(table: TableClient, now: () => number = Date.now): UsageMarks {
  const known = new Map<string, number>();
  return {
    async around(owner, month, write) {
      const key = `${owner} ${month}`;
      let markedAt = known.get(key) ?? Number.NEGATIVE_INFINITY;
      const mark = async () => {
        markedAt = now();
        await writeMark(table, { owner, month }, markedAt);
        if (known.size >= MAX_KNOWN) known.clear();
        known.set(key, markedAt);
      };
      if (Math.abs(now() - markedAt) >= REUSED_MS) await mark();
      const result = await write();
      if (now() - markedAt >= LATE_MS) await mark();
      return result;
    },
  };
}
