// The rows `audit:…` of a page: who imported what and when. The newest hundred are kept.
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import type { ImportFormat } from "./import-days.ts";
import type { ImportedDay } from "./import-rows.ts";

const MAX_ROWS = 100;
const CALL_MS = 5_000;
const PREFIX = "audit:";

export type AuditEntry = {
  /** Subject of the caller's token. */
  readonly by: string;
  readonly format: ImportFormat;
  /** The imported path of an export of a whole site. */
  readonly path?: string | undefined;
  /** Lines of the body after the first. */
  readonly lines: number;
  /** Oldest first, at least one. */
  readonly days: readonly ImportedDay[];
};

export type ImportAudit = {
  /** Writes a row before anything is imported. @returns its RowKey */
  begin(page: string, entry: AuditEntry): Promise<string>;
  /** Adds the result, and removes old rows. */
  complete(page: string, rowKey: string, result: { changed: number; total: number | undefined }): Promise<void>;
};

export function createImportAudit(table: TableClient): ImportAudit {
  const call = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });

  /** Another import may have removed it, or an attempt whose response was lost. */
  async function removeRow(page: string, rowKey: string): Promise<void> {
    try {
      await table.deleteEntity(page, rowKey, call());
    } catch (error) {
      if (statusOfSdkError(error) !== 404) throw error;
    }
  }

  async function removeOld(page: string): Promise<void> {
    const keys: string[] = [];
    const filter = `PartitionKey eq '${page}' and RowKey ge '${PREFIX}' and RowKey lt '${PREFIX}:'`;
    const query = { filter, select: ["rowKey"] };
    for await (const rows of pagesOf<{ rowKey: string }>(table, query, CALL_MS, MAX_ROWS * 2))
      keys.push(...rows.map(({ rowKey }) => rowKey));
    // Row keys sort by time.
    const old = keys.sort().slice(0, -MAX_ROWS);
    await Promise.all(old.map((rowKey) => removeRow(page, rowKey)));
  }

  return {
    async begin(page, { by, format, path, lines, days }) {
      const rowKey = `${PREFIX}${new Date().toISOString()}-${crypto.randomUUID().slice(0, 8)}`;
      const sum = (numbers: readonly number[]) => BigInt(numbers.reduce((total, number) => total + number, 0));
      const row = {
        by,
        format,
        ...(path !== undefined && { path }),
        lines,
        days: days.length,
        from: days[0]?.day,
        to: days.at(-1)?.day,
        visits: sum(days.map(({ visits }) => visits)),
        uniques: sum(days.map(({ uniques }) => uniques ?? 0)),
        status: "begun",
      };
      await table.upsertEntity({ partitionKey: page, rowKey, ...row }, "Replace", call());
      return rowKey;
    },
    async complete(page, rowKey, { changed, total }) {
      const row = { status: "complete", changed, ...(total !== undefined && { total: BigInt(total) }) };
      await table.updateEntity({ partitionKey: page, rowKey, ...row }, "Merge", { etag: "*", ...call() });
      await removeOld(page);
    },
  };
}
