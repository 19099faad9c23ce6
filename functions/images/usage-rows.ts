// The counts of an owner's months, and how a month is counted again while records change: docs/decisions/040.
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { AppError } from "../lib/errors.ts";
import { fromRow, partitionOf, type Row } from "./image-rows.ts";
import { addRecord, type Usage } from "./usage-counts.ts";
import { type MarkRow, markKey, SETTLED_MS, usagePartition, writeMark } from "./usage-marks.ts";

/** `asOf` in milliseconds: every earlier change is counted. Undefined for a month that was never counted. */
export type MonthUsage = {
  readonly month: string;
  readonly usage: Usage;
  readonly asOf?: number | undefined;
  readonly isMarked: boolean;
};
export type Recount = {
  /** What was counted before; undefined the first time. */
  readonly before?: Usage | undefined;
  readonly after: Usage;
  /** Whether the month had changed since it was counted. */
  readonly wasMarked: boolean;
  /** False when another recount was faster, and nothing was written. */
  readonly isWritten: boolean;
};

/** Every method throws DEPENDENCY_UNAVAILABLE when the table fails. */
export type UsageRows = {
  /** The counted and marked months of an owner: one query. */
  months(owner: string): Promise<readonly MonthUsage[]>;
  /** Marks a month that was never counted. */
  mark(owner: string, month: string): Promise<void>;
  /** The marked months of all owners. */
  marked(): AsyncIterable<{ readonly owner: string; readonly month: string }>;
  /** @param signal ends it between two pages, with its reason; the mark stays */
  recount(owner: string, month: string, signal?: AbortSignal): Promise<Recount>;
};

type CountRow = { readonly counts: string; readonly asOf: Date };

const CALL_MS = 10_000;
const PAGE = 1_000;
const COLUMNS = ["RowKey", "status", "bytes", "retention", "variants", "thumbWidth", "thumbHeight", "thumbBytes"];
const countKey = (month: string) => `count_${month}`;
const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });

export function createUsageRows(table: TableClient, now: () => number = Date.now): UsageRows {
  const unavailable = (cause: unknown) =>
    new AppError("DEPENDENCY_UNAVAILABLE", "The images table failed", { cause, retryAfter: 5 });

  async function* pages<T extends object>(filter: string, select?: string[]) {
    try {
      yield* pagesOf<T>(table, { filter, ...(select && { select }) }, CALL_MS, PAGE);
    } catch (cause) {
      throw unavailable(cause);
    }
  }
  async function find<T extends object>(owner: string, rowKey: string) {
    return table.getEntity<T>(usagePartition(owner), rowKey, withTimeout()).catch((cause: unknown) => {
      // A stale 404 does no harm: the counts are then created, which fails, and the mark stays.
      if (statusOfSdkError(cause) === 404) return undefined;
      throw unavailable(cause);
    });
  }
  /** @returns false when another writer was faster */
  async function attempt(call: Promise<unknown>): Promise<boolean> {
    try {
      await call;
      return true;
    } catch (cause) {
      if ([404, 409, 412].includes(statusOfSdkError(cause) ?? 0)) return false;
      throw unavailable(cause);
    }
  }

  return {
    async months(owner) {
      const found = new Map<string, MonthUsage>();
      const filter = `PartitionKey eq ${text(usagePartition(owner))}`;
      for await (const page of pages<Partial<CountRow & MarkRow>>(filter))
        for (const { rowKey = "", counts, asOf } of page) {
          const month = rowKey.slice(rowKey.indexOf("_") + 1);
          const known = found.get(month) ?? { month, usage: {}, isMarked: false };
          const changes =
            counts === undefined || asOf === undefined
              ? { isMarked: true }
              : { usage: JSON.parse(counts) as Usage, asOf: new Date(asOf).getTime() };
          found.set(month, { ...known, ...changes });
        }
      return [...found.values()];
    },
    mark: (owner, month) => writeMark(table, { owner, month }, now()),
    async *marked() {
      for await (const page of pages("isMarked eq true", ["PartitionKey", "RowKey"]))
        for (const { partitionKey = "", rowKey = "" } of page)
          yield { owner: partitionKey.slice(0, -usagePartition("").length), month: rowKey.slice(markKey("").length) };
    },
    async recount(owner, month, signal) {
      const startedAt = now();
      const [count, mark] = [await find<CountRow>(owner, countKey(month)), await find<MarkRow>(owner, markKey(month))];
      let after: Usage = {};
      for await (const page of pages<Row>(`PartitionKey eq ${text(partitionOf(owner, month))}`, COLUMNS)) {
        signal?.throwIfAborted();
        for (const row of page) after = addRecord(after, fromRow({ ...row, createdAt: new Date(0) }));
      }
      const keys = { partitionKey: usagePartition(owner), rowKey: countKey(month) };
      const row = { ...keys, counts: JSON.stringify(after), asOf: new Date(startedAt) };
      // Under the ETag of before the scan: a recount that began earlier and ends later must not bring its numbers back.
      const isWritten = await attempt(
        count
          ? table.updateEntity(row, "Replace", { ...withTimeout(), etag: count.etag })
          : table.createEntity(row, withTimeout()),
      );
      // A younger mark may be of a write that has not happened yet, and one with another ETag is of a later write.
      if (isWritten && mark && startedAt - new Date(mark.markedAt).getTime() >= SETTLED_MS)
        await attempt(table.deleteEntity(keys.partitionKey, markKey(month), { ...withTimeout(), etag: mark.etag }));
      const before = count && (JSON.parse(count.counts) as Usage);
      return { before, after, wasMarked: mark !== undefined, isWritten };
    },
  };
}
