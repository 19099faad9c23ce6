// The estimate of HyperLogLog over random sets of ids, and the packing of its registers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToRegisters, emptyRegisters, estimate, ID_BITS, REGISTER_BYTES, STANDARD_ERROR } from "./hyperloglog.ts";
import { randomFrom } from "./virtual-time.simulation.ts";

/** Different ids, evenly distributed. */
function randomIds(seed: number, size: number): number[] {
  const random = randomFrom(seed);
  const ids = new Set<number>();
  while (ids.size < size) ids.add(Math.floor(random() * 2 ** 20) * 2 ** 20 + Math.floor(random() * 2 ** 20));
  return [...ids];
}
const errorOf = (seed: number, size: number) =>
  estimate(addToRegisters(emptyRegisters(), randomIds(seed, size))) / size - 1;

describe("estimate", () => {
  it("is 0 for no ids and 1 for one", () => {
    expect(estimate(emptyRegisters())).toBe(0);
    expect(Math.round(estimate(addToRegisters(emptyRegisters(), [123_456_789])))).toBe(1);
  });

  it("is within five standard errors for every random set", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 500, max: 20_000 }), (seed, size) => {
        expect(Math.abs(errorOf(seed, size))).toBeLessThan(5 * STANDARD_ERROR);
      }),
      { numRuns: 60 },
    );
  });

  // The same seeds every time, so that the bounds can be narrow.
  it.each([1_000, 2_500, 5_000, 10_000, 40_000])("has the stated error and no bias for %i ids", (size) => {
    const errors = Array.from({ length: 40 }, (_, seed) => errorOf(seed, size));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const rms = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(rms).toBeLessThan(1.2 * STANDARD_ERROR);
    expect(Math.abs(mean)).toBeLessThan(0.4 * STANDARD_ERROR);
  });
});

describe("addToRegisters", () => {
  const id = fc.integer({ min: 0, max: 2 ** 20 - 1 });
  const ids = fc.array(fc.tuple(id, id).map(([high, low]) => high * 2 ** 20 + low));

  it("does not depend on order, batches or repetition", () => {
    fc.assert(
      fc.property(ids, ids, (one, two) => {
        const at = addToRegisters(emptyRegisters(), [...one, ...two]);
        expect(at.length).toBe(REGISTER_BYTES);
        expect(addToRegisters(addToRegisters(emptyRegisters(), two), one.toReversed())).toEqual(at);
        expect(addToRegisters(at, one)).toEqual(at);
      }),
    );
  });

  /** The packed registers as one string of bits. */
  const bitsOf = (packed: Uint8Array) => [...packed].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const inRegister = (register: number, rest: number) => register * 2 ** (ID_BITS - 11) + rest;

  it.each([0, 1, 2, 3, 1_022, 2_047])("stores the rank in the six bits of register %i, and in no other", (register) => {
    for (const [rest, rank] of [
      [0, 30],
      [1, 29],
      [2 ** 28, 1],
      [2 ** 27 + 5, 2],
    ] as const) {
      const bits = bitsOf(addToRegisters(emptyRegisters(), [inRegister(register, rest)]));
      expect(Number.parseInt(bits.slice(register * 6, register * 6 + 6), 2)).toBe(rank);
      expect(bits.replaceAll("0", "").length).toBe(rank.toString(2).replaceAll("0", "").length);
    }
  });

  it("keeps the larger rank of a register", () => {
    const both = addToRegisters(emptyRegisters(), [inRegister(7, 1), inRegister(7, 2 ** 28)]);
    expect(both).toEqual(addToRegisters(emptyRegisters(), [inRegister(7, 1)]));
  });
});
