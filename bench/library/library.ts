// bench library: table calls and rows read for a page of the list, with libraries of several sizes.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TableClient, type TableServiceClientOptions, type TransactionAction } from "@azure/data-tables";
import { createImageList, type ImageFilter, type ListPosition } from "../../functions/images/image-list.ts";
import { exampleImage } from "../../functions/images/image-response.ts";
import { toRow } from "../../functions/images/image-rows.ts";
import { managedIdentity } from "../../local/host/connection.ts";
import { type Services, startServices } from "../../local/services.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";

const DAY_MS = 24 * 60 * 60_000;
const YEARS_MS = 2 * 365 * DAY_MS;
const LIMIT = 20;
const PAGES = 10;
/** Rows of a transaction. */
const MAX_BATCH = 100;
const TAG = "rare";

type Page = { readonly calls: number; readonly rows: number; readonly ms: number };
type Figures = {
  readonly images: number;
  readonly list: string;
  readonly pages: number;
  readonly found: number;
} & Page;

/** A table behind a counter of calls and rows. */
async function openTable({ env, certificate }: Services, name: string) {
  const counted = { calls: 0, rows: 0 };
  type Policy = NonNullable<TableServiceClientOptions["additionalPolicies"]>[number]["policy"];
  const policy: Policy = {
    name: "count",
    async sendRequest(request, next) {
      const response = await next(request);
      counted.calls += 1;
      const body: { value?: unknown[] } = JSON.parse(response.bodyAsText || "{}");
      counted.rows += request.method === "GET" ? (body.value?.length ?? 1) : 0;
      return response;
    },
  };
  const open = (options: TableServiceClientOptions) =>
    new TableClient(env.TABLES_ENDPOINT ?? "", name, managedIdentity(env), {
      ...options,
      tlsOptions: { ca: certificate.cert },
    });
  const direct = open({});
  await direct.createTable();
  return { counted, direct, table: open({ additionalPolicies: [{ policy, position: "perRetry" }] }) };
}

/** Images of two years in even steps, oldest first; one in twenty has the tag. */
async function fill(table: TableClient, images: number, now: number): Promise<void> {
  const batches = new Map<string, TransactionAction[]>();
  const send = async (partition: string) => {
    const actions = batches.get(partition);
    batches.delete(partition);
    if (actions) await table.submitTransaction(actions);
  };
  for (let index = 0; index < images; index++) {
    const ms = Math.floor(now - YEARS_MS + ((index + 1) * YEARS_MS) / images) - 1;
    const [time, random] = [ms.toString(16).padStart(12, "0"), randomBytes(9).toString("hex")];
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`;
    const tags = index % 20 === 0 ? [TAG] : [];
    const createdAt = new Date(ms).toISOString();
    const row = toRow({ ...exampleImage, id, owner: "owner", status: "ready", createdAt, tags });
    const batch = batches.get(row.partitionKey) ?? [];
    batches.set(row.partitionKey, batch);
    batch.push(["create", row]);
    if (batch.length === MAX_BATCH) await send(row.partitionKey);
  }
  for (const partition of [...batches.keys()]) await send(partition);
}

const mean = (pages: readonly Page[], of: keyof Page) =>
  pages.reduce((total, page) => total + page[of], 0) / Math.max(pages.length, 1);

async function measure(services: Services, images: number): Promise<readonly Figures[]> {
  const now = Date.now();
  const { counted, direct, table } = await openTable(services, `library${images}`);
  await fill(direct, images, now);
  const list = createImageList(table, { now: () => now });

  /** Pages from the start; `isEnough` ends before the page that it rejects. */
  async function read(filter: ImageFilter, most: number, isEnough = (_found: number) => false) {
    const pages: (Page & { found: number })[] = [];
    let position: ListPosition | undefined;
    do {
      const before = { ...counted };
      const startedAt = performance.now();
      const page = await list.page("owner", { ...filter, limit: LIMIT, ...(position && { position }) });
      const ms = performance.now() - startedAt;
      const { calls, rows } = counted;
      if (isEnough(page.images.length)) break;
      pages.push({ calls: calls - before.calls, rows: rows - before.rows, ms, found: page.images.length });
      position = page.next;
    } while (position && pages.length < most);
    return pages;
  }
  const figures = (name: string, pages: readonly (Page & { found: number })[]): Figures => ({
    images,
    list: name,
    pages: pages.length,
    found: pages.reduce((total, { found }) => total + found, 0),
    calls: mean(pages, "calls"),
    rows: mean(pages, "rows"),
    ms: mean(pages, "ms"),
  });
  const search = await read({}, 10 * PAGES, (found) => found > 0);
  const [first, ...next] = await read({}, 1 + PAGES);
  return [
    figures("pages of the search for months, once", search),
    figures("first page", first ? [first] : []),
    figures("next pages", next),
    figures("pages with a tag of one in 20", await read({ tag: TAG }, PAGES)),
  ].filter(({ pages }) => pages > 0);
}

/** @param sizes images of each library */
export async function benchLibrary(sizes: readonly number[]): Promise<{ figures: object; isCorrect: boolean }> {
  const path = await mkdtemp(join(tmpdir(), "vitae-library-"));
  const services = await startServices({ dataDir: path, inMemory: true });
  try {
    const figures: Figures[] = [];
    for (const images of sizes) figures.push(...(await measure(services, images)));
    printLine(
      `Pages of ${LIMIT}, images of two years. Means. Azurite scans the whole table: its times prove nothing.\n`,
    );
    printTable(figures, {
      images: ({ images }) => number(images),
      list: ({ list }) => list,
      pages: ({ pages }) => number(pages),
      "images found": ({ found }) => number(found),
      "calls/page": ({ calls }) => number(calls, 1),
      "rows/page": ({ rows }) => number(rows),
      "ms/page": ({ ms }) => number(ms, 1),
    });
    printLine();
    const most = Math.max(...figures.map(({ calls }) => calls));
    return {
      figures: { pages: figures },
      isCorrect: printTarget(`at most 12 calls a page: ${number(most, 1)}`, most <= 12),
    };
  } finally {
    await services.close();
    await rm(path, { recursive: true });
  }
}
