// The timer that ends days, against Azurite: what it leaves in the row, and what happens when visits come between.
import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, it, vi } from "vitest";
import { consoleLog } from "../lib/log.ts";
import { dayIn } from "../lib/store-clock.ts";
import { tablesEndpoint } from "../lib/test-services.fixture.ts";
import { dayRowKey, fromDayRow } from "./day-rows.ts";
import { turnDays } from "./day-turn.ts";
import { countVisitors, openCounter, setup, tableAt, upTo, useCounter } from "./visitor-counter.fixture.ts";

useCounter();

/** A table of its own, since the timer works on all pages of one. */
const name = `visits${randomUUID().replaceAll("-", "")}`;
const table = tableAt(tablesEndpoint, name);
const DAY = "2020-02-29";
const log = { ...consoleLog, info: vi.fn(), warn: vi.fn() };
const run = (visitsTable = table) => turnDays({ visitsTable, siteDay: dayIn("UTC") }, { log, runMs: 60_000 });
const row = (page = setup.page) => table.getEntity<Record<string, unknown>>(page, "total");

/** Visits of two visitors on a day that is over. No process knows the page, as if it were removed from PAGES. */
async function visitBefore(page = setup.page) {
  await countVisitors([1, 2, 1], openCounter(table));
  await table.updateEntity({ partitionKey: page, rowKey: "total", day: DAY }, "Merge");
}

beforeAll(() => table.createTable());
beforeEach(() => {
  log.info.mockReset();
  log.warn.mockReset();
});

it("removes salt and visitors of a day that is over, and writes its row, once", async () => {
  await visitBefore();
  const { writers } = await row();
  await run();
  expect(log.info.mock.calls).toEqual([["days-turned", { turned: 1 }]]);
  const turned = await row();
  expect(turned).toMatchObject({ count: 3n, dayCount: 0n, dayWrites: 0n, writers });
  expect(String(turned.day) > DAY).toBe(true);
  expect(Object.keys(turned).filter((key) => /salt|unique|approximate/.test(key))).toEqual([]);
  expect(fromDayRow(await table.getEntity(setup.page, dayRowKey(DAY)))).toEqual({ day: DAY, count: 3, unique: 2 });

  await run();
  expect((await row()).etag).toBe(turned.etag);
  const [visit] = await countVisitors([1], openCounter(table));
  expect(visit).toEqual({ count: 4, today: 1, uniqueToday: 1 });
  await run();
  expect(await row()).toMatchObject({ dayCount: 1n, unique: 1n, approximate: false });
});

it("loses no visit that is counted meanwhile, and leaves the day's numbers as the visits make them", async () => {
  await visitBefore();
  const counter = openCounter(table);
  const [, visits] = await Promise.all([
    run(),
    Promise.all(upTo(40).map((index) => countVisitors([index], counter))),
    run(),
  ]);
  expect(
    visits
      .flat()
      .map(({ count }) => count)
      .sort((a, b) => a - b),
  ).toEqual(upTo(43).slice(3));
  const { today, days } = await counter.days(setup.page);
  expect(days.at(-1)).toEqual({ day: today, count: 40, unique: 40 });
  expect(fromDayRow(await table.getEntity(setup.page, dayRowKey(DAY)))).toEqual({ day: DAY, count: 3, unique: 2 });
});

it("turns the days of other pages when one fails, and logs which", async () => {
  await visitBefore();
  const failing = setup.page;
  setup.page = `p${randomUUID()}`;
  await visitBefore();
  setup.proxy.decide(({ method, url }) =>
    method !== "GET" && url.includes(failing) ? { kind: "status", status: 503 } : undefined,
  );
  await run(tableAt(setup.proxy.url, name));
  expect(await row()).toMatchObject({ dayCount: 0n });
  expect(await row(failing)).toMatchObject({ day: DAY, dayCount: 3n });
  expect(log.warn.mock.calls).toEqual([
    ["day-not-turned", { page: failing, error: expect.objectContaining({ kind: "transient" }) }],
  ]);
});
