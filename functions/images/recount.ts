// Counts all months of all owners again, and compares them with what was counted: npm run recount.
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { type Counts, isEqualUsage, totalOf } from "./usage-counts.ts";
import { usagePartition } from "./usage-marks.ts";
import type { UsageRows } from "./usage-rows.ts";

const CALL_MS = 30_000;
const ATTEMPTS = 3;
const MONTH = /^(.+)_(\d{4}-\d{2})$/;

/** Owners and months that have images or counts, of the whole table. */
async function findMonths(table: TableClient): Promise<readonly (readonly [owner: string, month: string])[]> {
  const found = new Set<string>();
  const suffix = usagePartition("");
  for await (const page of pagesOf<object>(table, { select: ["PartitionKey", "RowKey"] }, CALL_MS, 1_000))
    for (const { partitionKey = "", rowKey = "" } of page) {
      const isCount = partitionKey.endsWith(suffix);
      const key = isCount ? `${partitionKey.slice(0, -suffix.length)}_${rowKey.split("_")[1]}` : partitionKey;
      if (MONTH.test(key)) found.add(key);
    }
  return [...found].sort().map((key) => {
    const [, owner = "", month = ""] = MONTH.exec(key) ?? [];
    return [owner, month] as const;
  });
}

const describe = ({ images, bytes, variants, variantBytes }: Counts) =>
  `${images} images of ${bytes} bytes with ${variants} variants of ${variantBytes} bytes`;

/**
 * @returns a line for each month whose numbers change; `isDifferent` for one that had not been marked as changed, and
 *   one that could not be counted because other recounts run
 */
export async function* recountAll({
  table,
  usageRows,
}: {
  readonly table: TableClient;
  readonly usageRows: Pick<UsageRows, "recount">;
}): AsyncGenerator<{ readonly line: string; readonly isDifferent: boolean }> {
  const months = await findMonths(table);
  for (const [owner, month] of months) {
    let result = await usageRows.recount(owner, month);
    for (let attempt = 1; attempt < ATTEMPTS && !result.isWritten; attempt++)
      result = await usageRows.recount(owner, month);
    const { after, before, isWritten, wasMarked } = result;
    if (!isWritten) yield { line: `${owner} ${month}: another recount is running, try again`, isDifferent: true };
    else if (before === undefined)
      yield { line: `${owner} ${month}: counted for the first time: ${describe(totalOf(after))}`, isDifferent: false };
    else if (!isEqualUsage(before, after)) {
      const change = `${describe(totalOf(before))}, now ${describe(totalOf(after))}`;
      const reason = wasMarked ? "changed since it was counted" : "DIFFERENT although it was not marked as changed";
      yield { line: `${owner} ${month}: ${reason}: ${change}`, isDifferent: !wasMarked };
    }
  }
  yield { line: `Counted ${months.length} months`, isDifferent: false };
}
