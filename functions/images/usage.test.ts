// Usage against Azurite: random operations and crashes, recounts at any time, and the response.
import { randomUUIDv7 } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import { invoke } from "../lib/http/invoke.fixture.ts";
import { routesFor } from "../lib/http/route.ts";
import { type ImageRecord, type Retention, unlessDeleting } from "../lib/image.ts";
import { retentions } from "../lib/names.ts";
import { createImageMonths } from "./image-months.ts";
import { recordOf } from "./image-records.fixture.ts";
import { createImageRecords } from "./image-records.ts";
import { monthOf, timeOf } from "./image-rows.ts";
import { newOwner, openTable } from "./intake.fixture.ts";
import { recountAll } from "./recount.ts";
import { readUsage } from "./usage.ts";
import { addRecord, isEqualUsage, type Usage } from "./usage-counts.ts";
import { createUsageRows } from "./usage-rows.ts";

const MINUTE = 60_000;
const ready = (size: number, retention: Retention): Partial<ImageRecord> => ({
  status: "ready",
  retention,
  variants: [{ name: "256.webp", format: "webp", width: 2, height: 1, size }],
});

type Step =
  | { readonly do: "create" | "finish" | "delete" | "expire"; readonly image: number; readonly size: number }
  | { readonly do: "retain"; readonly image: number; readonly size: number }
  | { readonly do: "recount" | "wait"; readonly image: number; readonly size: number };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("create", "finish", "delete", "expire", "retain", "recount", "wait"),
  image: fc.nat(3),
  size: fc.integer({ min: 1, max: 9 }),
}) as fc.Arbitrary<Step>;

it("the usage is exact after any operations, crashes and recounts, once the marked months were counted", async () => {
  const law = fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.nat(9)), async (steps, dice) => {
    let now = Date.UTC(2026, 10, 21);
    const store = createMemoryTable({ now: () => now });
    const roll = () => dice.next().value as number;
    // A call is lost, or its response, and the process goes on or ends with it: both are an error here.
    const table = store.connect(async (apply) => {
      if (roll() === 0) throw new Error("lost");
      const result = apply();
      if (roll() === 0) throw new Error("response lost");
      return result;
    });
    const owner = "ada";
    const known: ImageRecord[] = [];
    let records = createImageRecords(table, () => now);
    for (const { do: action, image, size } of steps) {
      const record = known[image % Math.max(known.length, 1)];
      const change = (changes: Partial<ImageRecord>) =>
        record ? records.change(owner, record.id, () => changes).then(() => undefined) : Promise.resolve();
      const actions: Record<Step["do"], () => Promise<void>> = {
        create: () => {
          const created = recordOf(owner, { size });
          known.push(created);
          return records.create(created);
        },
        finish: () => change(ready(size, "90")),
        retain: () => change({ retention: retentions[size % 4] }),
        expire: () => change({ status: "expired" }),
        delete: () =>
          record
            ? records.changeStored(owner, record.id, () => ({ status: "deleting" })).then(() => undefined)
            : Promise.resolve(),
        recount: async () => {
          for await (const month of createUsageRows(table, () => now).marked())
            await createUsageRows(table, () => now).recount(month.owner, month.month);
        },
        wait: async () => {
          now += size * 2 * MINUTE;
        },
      };
      // After an error the process may have ended: the next one knows of no mark.
      await actions[action]().catch(() => {
        if (roll() < 5) records = createImageRecords(table, () => now);
      });
    }
    now += 11 * MINUTE;
    const reliable = store.connect(sendAtOnce);
    const rows = createUsageRows(reliable, () => now);
    for await (const { month } of rows.marked()) await rows.recount(owner, month);
    for await (const _ of rows.marked()) throw new Error("A month stays marked");
    const exact = createImageRecords(reliable, () => now);
    let expected: Usage = {};
    for (const { id } of known) {
      const found = await exact.find(owner, id);
      if (unlessDeleting(found)) expected = addRecord(expected, found as ImageRecord);
    }
    const months = await rows.months(owner);
    // All ids are of this month.
    const counted = months.at(0)?.usage ?? {};
    expect(isEqualUsage(counted, expected), JSON.stringify({ counted, expected })).toBe(true);
  });
  await fc.assert(law, { numRuns: 60 });
}, 60_000);

describe("GET /v1/images/usage", () => {
  const table = openTable();
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
