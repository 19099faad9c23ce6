// Random calls of a table, and what a caller sees of their results.
import fc from "fast-check";
import { expect } from "vitest";
import { type Etags, tableKey, type Version, value, versions } from "./store-contract.fixture.ts";
import { pagesOf, rowExists, type TableClient } from "./tables.ts";

const CALL_MS = 30_000;

const statuses = ["uploading", "pending", "failed"];
const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 12, minute));
const filters: readonly string[] = [
  "status eq 'pending'",
  `(status eq 'uploading' or status eq 'pending') and createdAt lt datetime'${at(1).toISOString()}'`,
  `((status eq 'uploading') and bytes ge 1) or (isOpen eq true and retryAt le datetime'${at(0).toISOString()}')`,
  "RowKey gt 'a' and text eq 'it''s'",
  "status ge '' and bytes lt 2",
  "isOpen eq false or missing eq 'x'",
];

export const tableCall = fc.oneof(
  fc.record({ name: fc.constantFrom("get" as const, "exists" as const), key: tableKey }),
  fc.record({ name: fc.constantFrom("create" as const, "upsert" as const), key: tableKey, value }),
  fc.record({ name: fc.constant("update" as const), key: tableKey, value, version: versions }),
  fc.record({ name: fc.constant("delete" as const), key: tableKey, version: versions }),
  fc.record({ name: fc.constant("list" as const), filter: fc.constantFrom(...filters), size: fc.constantFrom(1, 100) }),
);
export type TableCall = typeof tableCall extends fc.Arbitrary<infer T> ? T : never;

const columns = (number: number) => ({
  status: statuses[number],
  bytes: number,
  createdAt: at(number),
  text: "it's",
  ...(number > 0 && { isOpen: number === 1, retryAt: at(number - 1) }),
  none: undefined,
});

/** What a caller can see of a row. */
const seen = (row: object) =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([name]) => name in columns(1) || name === "partitionKey" || name === "rowKey")
      .sort(),
  );

export async function callTable(
  table: TableClient,
  { partitionKey, etags }: { partitionKey: string; etags: Etags },
  call: TableCall,
): Promise<unknown> {
  const keys = (rowKey: string) => ({ partitionKey, rowKey });
  const condition = (rowKey: string, version: Version) => {
    const etag = etags.find(rowKey, version);
    return etag === undefined ? {} : { etag };
  };
  switch (call.name) {
    case "get": {
      const row = await table.getEntity(partitionKey, call.key);
      return [seen(row), etags.indexOf(call.key, row.etag)];
    }
    case "exists":
      return rowExists(table, keys(call.key), CALL_MS);
    case "create":
    case "upsert":
    case "update": {
      const row = { ...keys(call.key), ...columns(call.value) };
      const write = () => {
        if (call.name === "update") return table.updateEntity(row, "Replace", condition(call.key, call.version));
        return call.name === "create" ? table.createEntity(row) : table.upsertEntity(row, "Replace");
      };
      const { etag = "" } = await write();
      const isNew = etags.indexOf(call.key, etag) === -1;
      etags.add(call.key, etag);
      return isNew;
    }
    case "delete":
      await table.deleteEntity(partitionKey, call.key, condition(call.key, call.version));
      return "deleted";
    case "list": {
      const rows: object[] = [];
      const filter = `PartitionKey eq '${partitionKey}' and (${call.filter})`;
      for await (const page of pagesOf<object>(table, { filter, select: ["RowKey", "status"] }, CALL_MS, call.size)) {
        expect(page.length).toBeLessThanOrEqual(call.size);
        for (const row of page) rows.push({ ...seen(row), version: etags.indexOf(row.rowKey ?? "", row.etag) });
      }
      return rows;
    }
  }
}
