// A child process that counts with one of the contenders, several clients at a time, and reads what the table holds.
// The contenders share one table client: two usual ways to count, and Vitae.
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { TableClient } from "@azure/data-tables";
import { createCredential } from "../../functions/lib/azure/credential.ts";
import { statusOfSdkError } from "../../functions/lib/azure/sdk-errors.ts";
import { createTableClient } from "../../functions/lib/azure/tables.ts";
import { tables } from "../../functions/lib/names.ts";
import { EXACT_LIMIT } from "../../functions/visitor-counter/uniques.ts";
import { createVisitorCounter } from "../../functions/visitor-counter/visitor-counter.ts";
import { serveParent } from "../child.ts";
import { generateLoad, type LoadResult } from "../load.ts";

export type ContenderName = "read-add-write" | "etag-retry" | "vitae" | "uniques";
export type CountLoadRequest = {
  readonly kind: "load";
  readonly contender: ContenderName;
  readonly clients: number;
  readonly page: string;
  readonly ms: number;
};
export type ReadRequest = { readonly kind: "read"; readonly page: string };
/** Counts one visit of each of that many visitors. */
export type RowRequest = { readonly kind: "row"; readonly page: string; readonly visitors: number };
/** Bytes of the row `total` as JSON, as the table receives it. */
export type RowSize = { readonly bytes: number };
/** The total of a page, and the commits that led to it: the sum of each writer's last commit number. */
export type PageTotal = { readonly count: number; readonly commits: number };

/** Counts one visit on a page. */
type Contender = (page: string) => Promise<unknown>;

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

/** Of as many visitors as a day keeps exactly, so that every commit writes the largest set. */
const visitors = Array.from({ length: EXACT_LIMIT }, (_, index) => createHash("sha256").update(`${index}`).digest());
const anyVisitor = () => visitors[Math.floor(Math.random() * visitors.length)];

const createCounter = (table: TableClient, pages: readonly string[], uniques: boolean) =>
  createVisitorCounter({ table, pages, timeZone: "UTC", dailyWriteBudget: Number.POSITIVE_INFINITY, uniques });

function createContenders(table: TableClient, pages: readonly string[]): Record<ContenderName, Contender> {
  const [plain, withUniques] = [createCounter(table, pages, false), createCounter(table, pages, true)];
  return {
    "read-add-write": readAddWrite(table),
    "etag-retry": etagRetry(table),
    vitae: (page) => plain.count(page),
    uniques: (page) => withUniques.count(page, anyVisitor()),
  };
}

const [proxied = "", direct = "", pages = ""] = process.argv.slice(2);
const credential = createCredential(undefined);
const tableAt = (endpoint: string) => createTableClient({ endpoint, table: tables.visits, credential, retries: 0 });
const contenders = createContenders(tableAt(proxied), pages.split(","));
const unproxied = tableAt(direct);

function load({ contender, clients, page, ms }: CountLoadRequest): Promise<LoadResult> {
  return generateLoad(
    Array(clients).fill(() => contenders[contender](page)),
    { ms },
  );
}

async function read({ page }: ReadRequest): Promise<PageTotal> {
  type Row = { count: bigint; writers?: string };
  const row = await unproxied.getEntity<Row>(page, "total").catch(() => undefined);
  const writers: Record<string, { commit: number }> = JSON.parse(row?.writers ?? "{}");
  return {
    count: Number(row?.count ?? 0n),
    commits: Object.values(writers).reduce((sum, { commit }) => sum + commit, 0),
  };
}

async function rowSize({ page, visitors: count }: RowRequest): Promise<RowSize> {
  const counter = createCounter(unproxied, [page], true);
  await counter.count(page);
  await Promise.all(
    Array.from({ length: count }, (_, index) => counter.count(page, createHash("sha256").update(`${index}`).digest())),
  );
  const row = await unproxied.getEntity<Record<string, unknown>>(page, "total");
  const values = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value),
  ]);
  return { bytes: Buffer.byteLength(JSON.stringify(Object.fromEntries(values))) };
}

type Request = CountLoadRequest | ReadRequest | RowRequest;
serveParent<Request, LoadResult | PageTotal | RowSize>((request) => {
  if (request.kind === "load") return load(request);
  return request.kind === "read" ? read(request) : rowSize(request);
});
