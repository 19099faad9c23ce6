// Imports against Azurite: rows that only grow, repeated and concurrent imports, the total, and who imported what.
import { beforeEach, expect, it } from "vitest";
import { tables } from "../lib/names.ts";
import { tablesEndpoint } from "../lib/test-services.fixture.ts";
import { dayRowKey, toDayRow } from "./day-rows.ts";
import { createHistory } from "./history.ts";
import { addDays } from "./history-periods.ts";
import type { ImportedDay } from "./import-rows.ts";
import { createImports, type Imports } from "./imports.ts";
import { countMany, direct, isWrite, setup, tableAt, useCounter } from "./visitor-counter.fixture.ts";
import type { VisitorCounter } from "./visitor-counter.ts";

const open = (table: typeof direct, visits: VisitorCounter) => {
  const history = createHistory({ table, visits, timeZone: "UTC" });
  const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
  return { history, imports: createImports({ table, visits, history, dayOf, maxBytes: 1_000_000 }) };
};
let one: ReturnType<typeof open>;
let other: ReturnType<typeof open>;
let today: string;

useCounter();
beforeEach(async () => {
  one = open(tableAt(setup.proxy.url), setup.counter);
  other = open(direct, setup.other);
  today = await one.imports.today(setup.page);
});

const ago = (days: number) => addDays(today, -days);
const day = (days: number, visits: number, uniques?: number): ImportedDay => ({ day: ago(days), visits, uniques });
const run = (imports: Imports, days: readonly ImportedDay[], raiseTotal = false) =>
  imports.run(setup.page, { by: "ada", format: "days", path: undefined, lines: days.length, days }, { raiseTotal });
/** Visits and uniques of the last days, the oldest first, as another instance reads them. */
const shown = async (count: number) =>
  (await open(direct, setup.other).history.days(setup.page, count)).map(({ visits, uniques }) => [visits, uniques]);
async function rowsOf(prefix: string) {
  const rows: Record<string, unknown>[] = [];
  for await (const row of direct.listEntities({ queryOptions: { filter: `PartitionKey eq '${setup.page}'` } }))
    if (row.rowKey?.startsWith(prefix)) rows.push(row);
  return rows;
}

it("raises each number of a day, lowers none, and shows them at once", async () => {
  expect(await one.history.days(setup.page, 1)).toMatchObject([{ visits: 0 }]);
  expect(await run(one.imports, [day(3, 10), day(2, 5, 4), day(1, 0, 0)])).toEqual({ changed: 3 });
  expect(await one.history.days(setup.page, 4)).toMatchObject([{ visits: 10 }, { visits: 5 }, {}, {}]);
  expect(await run(one.imports, [day(3, 7, 6), day(2, 9, 3), day(1, 0, 0)])).toEqual({ changed: 2 });
  expect(await shown(4)).toEqual([
    [10, 6],
    [9, 4],
    [0, 0],
    [0, 0],
  ]);
});

it("changes nothing when what the history shows is imported again, and writes no row", async () => {
  await direct.createEntity({
    partitionKey: setup.page,
    rowKey: dayRowKey(ago(2)),
    ...toDayRow({ day: ago(2), count: 8, unique: 6, approximate: true }),
  });
  await run(one.imports, [day(3, 4), day(2, 9, 2)]);
  const before = await one.history.days(setup.page, 10);
  const exported = before.slice(0, -1).map((each) => ({ ...each, uniques: each.uniques ?? undefined }));
  await run(one.imports, exported);
  expect(await one.history.days(setup.page, 10)).toEqual(before);
  const writes = () => setup.proxy.callsByMethod().PUT ?? 0;
  const since = writes();
  expect(await run(one.imports, exported)).toEqual({ changed: 0 });
  // The two of the audit.
  expect(writes() - since).toBeLessThanOrEqual(2);
});

it("keeps the largest numbers of imports at the same time", async () => {
  const days = (visits: number) => Array.from({ length: 12 }, (_, index) => day(12 - index, visits + index, visits));
  await Promise.all([run(one.imports, days(5)), run(other.imports, days(9)), run(one.imports, days(7))]);
  expect((await shown(13)).slice(0, -1)).toEqual(days(9).map(({ visits, uniques }) => [visits, uniques]));
});

it("keeps the larger number of an import that came between the read and the write of another", async () => {
  await run(one.imports, [day(1, 5)]);
  const { promise, resolve } = Promise.withResolvers<void>();
  setup.proxy.decide(({ method, url }) =>
    method === "PUT" && url.includes("import") ? { kind: "hold", until: promise } : undefined,
  );
  const first = run(one.imports, [day(1, 7)]);
  await expect.poll(() => setup.proxy.held()).toBe(1);
  await run(other.imports, [day(1, 9)]);
  setup.proxy.decide(undefined);
  resolve();
  await first;
  expect(await shown(2)).toMatchObject([[9, null], {}]);
});

it("completes an import that failed half-way when it is repeated", async () => {
  const days = Array.from({ length: 20 }, (_, index) => day(20 - index, index + 1));
  let left = 9;
  setup.proxy.decide((request) => (isWrite(request) && left-- <= 0 ? { kind: "status", status: 403 } : undefined));
  await expect(run(one.imports, days)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  const written = (await rowsOf("import:")).length;
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(20);
  setup.proxy.decide(undefined);
  expect(await run(one.imports, days)).toEqual({ changed: 20 - written });
  expect((await shown(21)).map(([visits]) => visits)).toEqual([...days.map(({ visits }) => visits), 0]);
  expect((await rowsOf("audit:")).map(({ status }) => status).sort()).toEqual(["begun", "complete"]);
});

it("is not misled by a write that is repeated because its response was lost", async () => {
  const { imports } = open(tableAt(setup.proxy.url, tables.visits, 2), setup.counter);
  let lost = 0;
  setup.proxy.decide((request) => (isWrite(request) && lost++ % 3 === 0 ? { kind: "reset-after" } : undefined));
  await run(imports, [day(2, 5, 4), day(1, 6, 5)]);
  await run(imports, [day(2, 4, 4), day(1, 7, 6)]);
  setup.proxy.decide(undefined);
  expect(await shown(3)).toEqual([
    [5, 4],
    [7, 6],
    [0, 0],
  ]);
});

it("raises the total to the sum of all days, exactly, while visits are counted", async () => {
  await countMany(3);
  const dayRow = { day: ago(3), count: 40 };
  await direct.createEntity({ partitionKey: setup.page, rowKey: dayRowKey(dayRow.day), ...toDayRow(dayRow) });
  await run(other.imports, [day(500, 1_000)]);
  const counting = countMany(40, setup.other);
  const results = await Promise.all([
    run(one.imports, [day(3, 50), day(2, 7)], true),
    run(other.imports, [day(3, 45), day(1, 9)], true),
  ]);
  await counting;
  for (const { total } of results) expect(total).toBeGreaterThanOrEqual(1_000 + 50 + 3);
  const sum = 1_000 + 50 + 7 + 9;
  const { count } = await setup.other.read(setup.page);
  expect(count).toBe(sum + 43);
  expect(await run(one.imports, [day(3, 50)], true)).toEqual({ changed: 0, total: count });
});

it("sums the days again when one of them ends while the total is raised", async () => {
  /** Its row changes between two attempts: the day before today gets a row of its own. */
  const visits: Pick<VisitorCounter, "days" | "seed"> = {
    days: async () => ({ today, days: [] }),
    async seed(_page, startAt) {
      if (typeof startAt === "number") return expect.fail("a fixed count");
      await startAt([{ day: ago(1), count: 1 }]);
      const ended = { day: ago(1), count: 2 };
      await direct.createEntity({ partitionKey: setup.page, rowKey: dayRowKey(ended.day), ...toDayRow(ended) });
      return { outcome: "raised", count: await startAt([{ day: today, count: 3 }]) };
    },
  };
  const { history } = one;
  const imports = createImports({ table: direct, visits, history, dayOf: String, maxBytes: 1 });
  expect(await run(imports, [day(2, 10)], true)).toMatchObject({ total: 15 });
});

it("does not raise a total that is larger, and counts a day that is still in the row of the total once", async () => {
  await setup.counter.seed(setup.page, 5_000);
  expect(await run(one.imports, [day(1, 10)], true)).toMatchObject({ total: 5_000 });
  // A day without a row of its own, of which an import knows fewer visits.
  const total = { partitionKey: setup.page, rowKey: "total", count: 30n };
  await direct.updateEntity({ ...total, closed: JSON.stringify([{ day: ago(1), count: 30 }]) }, "Merge");
  expect(await run(one.imports, [day(2, 5)], true)).toMatchObject({ total: 35 });
});

it("succeeds when another import has removed the old records first", async () => {
  // Azurite may close a connection that was idle.
  const patient = tableAt(tablesEndpoint, tables.visits, 2);
  for (let index = 0; index < 100; index++)
    await patient.upsertEntity({ partitionKey: setup.page, rowKey: `audit:2020-${index}` });
  let deletes = 0;
  setup.proxy.decide(({ method }) => {
    if (method !== "DELETE") return undefined;
    deletes += 1;
    return { kind: "status", status: 404 };
  });
  expect(await run(one.imports, [day(1, 5)])).toEqual({ changed: 1 });
  expect(deletes).toBe(1);
});

it("records who imported what, and keeps the newest hundred records", async () => {
  const rowKey = (index: number) => `audit:2020-01-01T00:00:00.${String(index).padStart(3, "0")}Z-x`;
  const old = Array.from({ length: 100 }, (_, index) => ({ partitionKey: setup.page, rowKey: rowKey(index) }));
  // Azurite may close a connection that was idle.
  const patient = tableAt(tablesEndpoint, tables.visits, 2);
  for (const row of old) await patient.upsertEntity(row);
  await run(one.imports, [day(2, 5, 4), day(1, 6)], true);
  const rows = await rowsOf("audit:");
  expect(rows).toHaveLength(100);
  expect(rows.map((row) => row.rowKey)).not.toContain(rowKey(0));
  expect(rows.find(({ by }) => by === "ada")).toMatchObject({
    format: "days",
    lines: 2,
    days: 2,
    from: ago(2),
    to: ago(1),
    visits: 11n,
    uniques: 4n,
    status: "complete",
    changed: 2,
    total: 11n,
  });
});
