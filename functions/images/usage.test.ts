// Usage against Azurite: the response, and recounts while images change.
import { randomUUID, randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import type { ImageRecord, Retention } from "../lib/image.ts";
import { tablesEndpoint } from "../lib/test-services.fixture.ts";
import { createImageMonths } from "./image-months.ts";
import { recordOf } from "./image-records.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { monthOf, timeOf } from "./image-rows.ts";
import { newOwner, openTable } from "./intake.fixture.ts";
import { recountAll } from "./recount.ts";
import { readUsage } from "./usage.ts";
import { createUsageRows } from "./usage-rows.ts";

const MINUTE = 60_000;
const ready = (size: number, retention: Retention): Partial<ImageRecord> => ({
  status: "ready",
  retention,
  variants: [{ name: "256.webp", format: "webp", width: 2, height: 1, size }],
});

describe("GET /v1/images/usage", () => {
  // A table of its own, since a recount of everything would also count the images of all other tests.
  const table = openTable(tablesEndpoint, `usage${randomUUID().replaceAll("-", "")}`);
  beforeAll(() => table.createTable());
  afterAll(() => table.deleteTable());
  let owner: string;
  const deps = {
    imageMonths: createImageMonths(table),
    usageRows: createUsageRows(table),
    authenticate: async () => ({ subject: owner, role: "viewer" as const }),
  };
  const route = routesFor<typeof deps>()("image-usage", "GET", "/v1/images/usage", "images:read", "none", readUsage);
  const read = async () => JSON.parse((await invoke(route, deps, {})).text);
  const month = monthOf(Date.now());
  const start = `${month}-01T00:00:00.000Z`;
  const none = { images: 0, bytes: 0, variants: 0, variantBytes: 0 };
  const later = () => createUsageRows(table, () => Date.now() + 11 * MINUTE);

  it("counts images and variants by retention and month, as of the last count until nothing is marked", async () => {
    owner = newOwner();
    const records = createImageRecords(table);
    expect(await read()).toEqual({
      asOf: start,
      ...none,
      byRetention: { "90": none, "180": none, "365": none, keep: none },
      months: [],
    });
    const old = randomUUIDv7().replace(/^.{13}/, "019a0000-0000");
    const images = [
      recordOf(owner, { size: 5 }),
      recordOf(owner, { size: 7 }),
      recordOf(owner, { size: 9 }),
      recordOf(owner, { id: old, size: 1 }),
    ];
    for (const image of images) await records.create(image);
    for (const [index, retention] of (["90", "keep", undefined, "90"] as const).entries())
      if (retention) await records.change(owner, images[index]?.id ?? "", () => ready(40 + index, retention));
    const oldMonth = monthOf(timeOf(old));
    expect((await read()).asOf).toBe(`${oldMonth}-01T00:00:00.000Z`);
    await createUsageRows(table).recount(owner, month);
    await createUsageRows(table).recount(owner, oldMonth);
    const counted = await read();
    expect(Date.parse(counted.asOf)).toBeLessThanOrEqual(Date.now());
    const [recent, ancient] = [
      { images: 2, bytes: 12, variants: 2, variantBytes: 81 },
      { images: 1, bytes: 1, variants: 1, variantBytes: 43 },
    ];
    const body = {
      ...{ images: 3, bytes: 13, variants: 3, variantBytes: 124 },
      byRetention: {
        ...{ "180": none, "365": none },
        "90": { images: 2, bytes: 6, variants: 2, variantBytes: 83 },
        keep: { images: 1, bytes: 7, variants: 1, variantBytes: 41 },
      },
      months: [
        { month, ...recent },
        { month: oldMonth, ...ancient },
      ],
    };
    expect(counted).toEqual({ asOf: expect.any(String), ...body });
    // Counted while a write may still have been on its way: the months stay marked until they are counted later.
    expect((await createUsageRows(table).months(owner)).every(({ isMarked }) => isMarked)).toBe(true);
    for (const each of [month, oldMonth]) await later().recount(owner, each);
    expect((await deps.usageRows.months(owner)).some(({ isMarked }) => isMarked)).toBe(false);
    expect(await read()).toEqual({ asOf: expect.any(String), ...body });
  });

  it.each([
    [true, 6],
    [false, 5],
  ])(
    "a month that changes during its recount stays marked, with a faster recount (%s) and its numbers",
    async (isFaster, bytes) => {
      owner = newOwner();
      const image = recordOf(owner, { size: 5, status: "pending" });
      const resize = (size: number) => createImageRecords(table).change(owner, image.id, () => ({ size }));
      await createImageRecords(table).create(image);
      await createUsageRows(table).recount(owner, month);
      let isChanged = false;
      const during = Object.assign(Object.create(table) as typeof table, {
        listEntities(...args: Parameters<typeof table.listEntities>) {
          const pages = table.listEntities(...args);
          const byPage = (settings: object) => ({
            async next() {
              const page = await pages.byPage(settings).next();
              if (!isChanged) {
                isChanged = true;
                await resize(6);
                if (isFaster) await later().recount(owner, month);
                await resize(7);
              }
              return page;
            },
          });
          return { byPage };
        },
      });
      const slow = await createUsageRows(during, () => Date.now() + 11 * MINUTE).recount(owner, month);
      expect(slow.isWritten).toBe(!isFaster);
      const [found] = await deps.usageRows.months(owner);
      expect(found).toMatchObject({ usage: { keep: { bytes } }, isMarked: true });
    },
  );

  it("the recount of everything reports a month that differs unmarked, and repairs it", async () => {
    owner = newOwner();
    const image = recordOf(owner, { size: 5, status: "pending" });
    await createImageRecords(table).create(image);
    const own = async () => {
      const lines: { line: string; isDifferent: boolean }[] = [];
      for await (const each of recountAll({ table, usageRows: later() }))
        if (each.line.startsWith(owner)) lines.push(each);
      return lines;
    };
    expect(await own()).toEqual([
      { line: expect.stringContaining("first time: 1 images of 5 bytes"), isDifferent: false },
    ]);
    expect(await own()).toEqual([]);
    await table.updateEntity({ partitionKey: `${owner}_${month}`, rowKey: image.id, bytes: 8 }, "Merge");
    expect(await own()).toEqual([{ line: expect.stringMatching(/DIFFERENT.* 5 bytes.* 8 bytes/), isDifferent: true }]);
    expect(await own()).toEqual([]);
  });
});
