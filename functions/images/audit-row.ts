// Where the audit is: one row of the images table, written under its ETag, so that of two instances one goes on.
import { statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import type { TableClient } from "../lib/azure/tables.ts";
import type { Pass } from "./audit-pass.ts";

export type AuditRow = {
  read(): Promise<{ readonly pass: Pass; readonly etag: string } | undefined>;
  /** @param etag of the row as it was read; undefined for the first. @returns undefined when another instance was faster */
  write(pass: Pass, etag: string | undefined): Promise<string | undefined>;
};

/** Without `status` and `owner`: no scan of the images finds it. */
const KEYS = { partitionKey: "audit", rowKey: "images" };
const CALL_MS = 10_000;

export function createAuditRow(table: TableClient): AuditRow {
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(CALL_MS) });
  return {
    async read() {
      const row = await table
        .getEntity<{ pass: string }>(KEYS.partitionKey, KEYS.rowKey, withTimeout())
        .catch((cause: unknown) => {
          // A stale 404 does no harm: the row is then created, which fails.
          if (statusOfSdkError(cause) === 404) return undefined;
          throw cause;
        });
      return row && { pass: JSON.parse(row.pass) as Pass, etag: row.etag };
    },
    async write(pass, etag) {
      const row = { ...KEYS, pass: JSON.stringify(pass) };
      const write =
        etag === undefined
          ? table.createEntity(row, withTimeout())
          : table.updateEntity(row, "Replace", { ...withTimeout(), etag });
      return write.then(
        (written) => written.etag ?? "",
        (cause: unknown) => {
          if ([404, 409, 412].includes(statusOfSdkError(cause) ?? 0)) return undefined;
          throw cause;
        },
      );
    },
  };
}
