// The history of a page against Azurite, whose rows come in no order and in pages of any size.
import { afterEach, beforeEach, expect, it } from "vitest";
import { dayRowKey, toDayRow } from "./day-rows.ts";
import { createHistory, type History } from "./history.ts";
import { addDays } from "./history-periods.ts";
import { type ImportedDay, importRowKey, toImportRow } from "./import-rows.ts";
import { direct, isWrite, setup, tableAt, useCounter } from "./visitor-counter.fixture.ts";

const TODAY = "2026-03-01";
const ago = (days: number) => addDays(TODAY, -days);
let last: Parameters<typeof toDayRow>[0][];
let beforeTotal: () => Promise<unknown>;
let now: number;
let history: History;

useCounter();
beforeEach(() => {
  last = [];
  beforeTotal = async () => undefined;
  now = 0;
  history = createHistory({
    table: tableAt(setup.proxy.url),
    visits: {
      async days() {
        await beforeTotal();
        return { today: TODAY, days: last };
      },
    },
    timeZone: "UTC",
    stopwatch: () => {
      const began = now;
      return () => now - began;
    },
  });
});
afterEach(() => setup.proxy.cutPages(undefined));

const count = (day: string, count: number, more: object = {}) =>
  direct.createEntity({ partitionKey: setup.page, rowKey: dayRowKey(day), ...toDayRow({ day, count, ...more }) });
const importDay = (day: ImportedDay) =>
  direct.createEntity({ partitionKey: setup.page, rowKey: importRowKey(day.day), ...toImportRow(day) });

it("has the larger of counted and imported numbers, unknown uniques, and days without visits", async () => {
  await count(ago(5), 10);
  await count(ago(4), 20, { unique: 15, approximate: true });
  await count(ago(3), 30, { unique: 20 });
  await count(ago(7), 9, { unique: 8, approximate: true });
  await importDay({ day: ago(7), visits: 9, uniques: 9 });
  await importDay({ day: ago(5), visits: 0, uniques: 0 });
  await importDay({ day: ago(6), visits: 7, uniques: 6 });
  await importDay({ day: ago(4), visits: 5, uniques: 5 });
  await importDay({ day: ago(3), visits: 31, uniques: 12 });
  last = [
    { day: ago(1), count: 4, unique: 2 },
    { day: TODAY, count: 3, unique: 3, approximate: true },
  ];
  expect(await history.days(setup.page, 8)).toEqual([
    { day: ago(7), visits: 9, uniques: 9 },
    { day: ago(6), visits: 7, uniques: 6 },
    { day: ago(5), visits: 10, uniques: null },
    { day: ago(4), visits: 20, uniques: 15, approximate: true },
    { day: ago(3), visits: 31, uniques: 20 },
    { day: ago(2), visits: 0, uniques: 0 },
    { day: ago(1), visits: 4, uniques: 2 },
    { day: TODAY, visits: 3, uniques: 3, approximate: true },
  ]);
});

it("finds the days in two queries, in whatever order and pages the rows come, and none older than 400 days", async () => {
  const written = [0, 1, 2, ...Array.from({ length: 30 }, (_, index) => 10 * index + 7), 398, 399, 400, 401];
  await Promise.all(written.map((days) => count(ago(days), days + 1)));
  const before = setup.proxy.calls();
  const visitsOf = (days: Awaited<ReturnType<History["days"]>>) => days.map(({ visits }) => visits);
  const expected = Array.from({ length: 400 }, (_, index) => (written.includes(399 - index) ? 400 - index : 0));
  expect(visitsOf(await history.days(setup.page, 400))).toEqual(expected);
  expect(setup.proxy.calls() - before).toBe(2);
  let page = 0;
  setup.proxy.cutPages(() => [9, 0, 1, 14][page++ % 4] ?? 0);
  now += 60_001;
  expect(visitsOf(await history.days(setup.page, 400))).toEqual(expected);
});

it("has a day that left the total just after its own row was written", async () => {
  beforeTotal = () => count(ago(1), 5);
  expect(await history.days(setup.page, 2)).toMatchObject([{ visits: 5 }, { visits: 0 }]);
});

it("is read again after a minute, and not before", async () => {
  last = [{ day: TODAY, count: 1 }];
  expect(await history.days(setup.page, 1)).toMatchObject([{ visits: 1 }]);
  last = [{ day: TODAY, count: 2 }];
  now += 60_000;
  expect(await history.days(setup.page, 1)).toMatchObject([{ visits: 1 }]);
  now += 1;
  expect(await history.days(setup.page, 1)).toMatchObject([{ visits: 2 }]);
});

it("ends with the day that the counter has begun, ahead of the clock", async () => {
  last = [{ day: addDays(TODAY, 1), count: 1 }];
  expect(await history.days(setup.page, 2)).toMatchObject([{ day: TODAY }, { day: addDays(TODAY, 1), visits: 1 }]);
});

it("responds with DEPENDENCY_UNAVAILABLE while the table fails", async () => {
  setup.proxy.decide((request) => (isWrite(request) ? undefined : { kind: "status", status: 500 }));
  await expect(history.days(setup.page, 1)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  setup.proxy.decide(undefined);
  expect(await history.days(setup.page, 1)).toHaveLength(1);
});
