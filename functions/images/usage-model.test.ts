// The model of usage in memory: exact after random operations, crashes and recounts at any time.
import fc from "fast-check";
import { expect, it } from "vitest";
import { createMemoryTable, sendAtOnce } from "../lib/azure/memory-table.fixture.ts";
import { type ImageRecord, type Retention, unlessDeleting } from "../lib/image.ts";
import { retentions } from "../lib/names.ts";
import { recordOf } from "./image-records.fixture.ts";
import { createImageRecords } from "./image-records.ts";
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
