// The contenders that run in one process on one table client: two usual ways to count, and Vitae.
import { setTimeout as pause } from "node:timers/promises";
import type { TableClient } from "@azure/data-tables";
import { statusOfSdkError } from "../../functions/lib/azure/sdk-errors.ts";
import { createVisitorCounter } from "../../functions/visitor-counter/visitor-counter.ts";

export type ContenderName = "read-add-write" | "etag-retry" | "vitae";
/** Counts one visit on a page. */
export type Contender = (page: string) => Promise<unknown>;

type Row = { count: bigint };

const FIRST_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 1_000;

function absentOn404(thrown: unknown): undefined {
  if (statusOfSdkError(thrown) !== 404) throw thrown;
}

function readAddWrite(table: TableClient): Contender {
  return async (page) => {
    const found = await table.getEntity<Row>(page, "total").catch(absentOn404);
    const count = (found?.count ?? 0n) + 1n;
    await table.upsertEntity({ partitionKey: page, rowKey: "total", count }, "Replace");
  };
}

/** Exponential back-off with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
function etagRetry(table: TableClient): Contender {
  return async (page) => {
    for (let attempt = 0; ; attempt++) {
      const found = await table.getEntity<Row>(page, "total").catch(absentOn404);
      const row = { partitionKey: page, rowKey: "total", count: (found?.count ?? 0n) + 1n };
      try {
        await (found ? table.updateEntity(row, "Replace", { etag: found.etag }) : table.createEntity(row));
        return;
      } catch (thrown) {
        const status = statusOfSdkError(thrown);
        if (status !== 412 && status !== 409) throw thrown;
        await pause(Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt));
      }
    }
  };
}

export function createContenders(table: TableClient, pages: readonly string[]): Record<ContenderName, Contender> {
  return {
    "read-add-write": readAddWrite(table),
    "etag-retry": etagRetry(table),
    vitae: createVisitorCounter({ table, pages, timeZone: "UTC", dailyWriteBudget: Number.POSITIVE_INFINITY }).count,
  };
}
