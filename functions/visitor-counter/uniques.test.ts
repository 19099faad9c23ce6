// The visitors of a day: exact up to a limit, then an estimate that neither falls nor exceeds the visits.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STANDARD_ERROR } from "./hyperloglog.ts";
import { type DayUniques, dayUniques, EXACT_LIMIT, noUniques, SALT_BYTES, withVisitors } from "./uniques.ts";

const SALT = new Uint8Array(SALT_BYTES).fill(7);
const visitor = (index: number) => createHash("sha256").update(String(index)).digest();
const visitorsTo = (end: number, start = 0) =>
  Array.from({ length: end - start }, (_, index) => visitor(start + index));
const add = (
  before: DayUniques,
  visitors: Uint8Array[],
  more: { isPartial?: boolean; dayCount?: number } = {},
): DayUniques => withVisitors(before, { visitors, isPartial: false, dayCount: 1_000_000, ...more });
const start = noUniques(SALT, false);
const full = add(start, visitorsTo(EXACT_LIMIT));

describe("withVisitors", () => {
  it("counts each visitor once up to the limit, in five bytes each, sorted", () => {
    expect(full).toMatchObject({ unique: EXACT_LIMIT, approximate: false });
    expect(full.set?.length).toBe(EXACT_LIMIT * 5);
    const ids =
      Buffer.from(full.set ?? [])
        .toString("hex")
        .match(/.{10}/g) ?? [];
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(EXACT_LIMIT);
  });

  it("does not depend on order, batches or repetition while the set is exact", () => {
    const index = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(fc.array(index), fc.array(index), (one, two) => {
        const at = add(start, [...one, ...two].map(visitor));
        expect(at.unique).toBe(new Set([...one, ...two]).size);
        expect(add(add(start, two.map(visitor)), one.toReversed().map(visitor))).toEqual(at);
        expect(add(at, two.map(visitor))).toEqual(at);
        expect(dayUniques.parse(at)).toEqual(at);
      }),
    );
  });

  it("has other ids for the same visitors under another salt", () => {
    const other = add(noUniques(new Uint8Array(SALT_BYTES), false), visitorsTo(3));
    expect(other.unique).toBe(3);
    expect(other.set).not.toEqual(add(start, visitorsTo(3)).set);
  });

  it("stores no hash of a visitor, and no part of one", () => {
    const [hash] = visitorsTo(1);
    const stored = Buffer.from(add(start, [visitor(0)]).set ?? []);
    expect(hash?.includes(stored)).toBe(false);
  });

  it("changes from the set to registers beyond the limit, and keeps the number exact at that moment", () => {
    const beyond = add(full, visitorsTo(EXACT_LIMIT + 1, EXACT_LIMIT), { dayCount: EXACT_LIMIT + 1 });
    expect(beyond).toMatchObject({ unique: EXACT_LIMIT + 1, approximate: true });
    expect(beyond).not.toHaveProperty("set");
    expect(beyond.registers?.length).toBe(1_536);
    expect(dayUniques.parse(beyond)).toEqual(beyond);
    expect(add(full, visitorsTo(EXACT_LIMIT)).approximate).toBe(false);
  });

  it("has the same registers whether visitors came before or after the limit", () => {
    const atOnce = add(start, visitorsTo(1_500));
    const later = add(add(full, visitorsTo(1_200, 900)), visitorsTo(1_500, 1_100));
    expect(later.registers).toEqual(atOnce.registers);
    expect(add(later, visitorsTo(1_500))).toEqual(later);
  });

  it("never falls, never exceeds the visits, and stays within five standard errors", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 2, maxLength: 5 }),
        fc.nat(),
        (batches, seed) => {
          let [uniques, count] = [start, 0];
          for (const size of batches) {
            const batch = visitorsTo(seed + count + size, seed + count);
            count += size;
            const next = add(uniques, batch, { dayCount: count });
            expect(next.unique).toBeGreaterThanOrEqual(uniques.unique);
            expect(next.unique).toBeLessThanOrEqual(count);
            expect(Math.abs(next.unique / count - 1)).toBeLessThan(5 * STANDARD_ERROR);
            uniques = next;
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("is approximate from the first visit with an unknown visitor on", () => {
    const partial = add(add(start, visitorsTo(2)), [], { isPartial: true });
    expect(partial).toMatchObject({ unique: 2, approximate: true });
    expect(add(partial, visitorsTo(3))).toMatchObject({ unique: 3, approximate: true });
    expect(add(noUniques(SALT, true), visitorsTo(1))).toMatchObject({ unique: 1, approximate: true });
  });
});

describe("the schema of a row's visitors", () => {
  it.each<[string, Partial<Record<keyof DayUniques, unknown>>]>([
    ["no salt", { salt: undefined }],
    ["a short salt", { salt: new Uint8Array(4) }],
    ["neither set nor registers", { set: undefined }],
    ["both", { registers: new Uint8Array(1_536) }],
    ["a part of an id", { set: new Uint8Array(7) }],
    ["a set beyond the limit", { set: new Uint8Array((EXACT_LIMIT + 1) * 5) }],
    ["short registers", { set: undefined, registers: new Uint8Array(10) }],
    ["no number", { unique: Number.NaN }],
  ])("rejects %s", (_, change) => {
    expect(dayUniques.safeParse({ ...start, ...change }).success).toBe(false);
  });
});
