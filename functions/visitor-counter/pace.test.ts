// How instances share one row, in virtual time with fixed seeds: the shares are the same on every machine.
import { describe, expect, it } from "vitest";
import { type Load, simulateLoad } from "./pace.simulation.ts";

const busy = { visitors: 16, pauseMs: 1, durationMs: 4_000 };

/** The worst of three seeds. */
async function simulateWorst(load: Omit<Load, "seed">) {
  const outcomes = await Promise.all([1, 2, 3].map((seed) => simulateLoad({ ...load, seed })));
  return {
    writesLost: Math.max(...outcomes.map(({ writesLost }) => writesLost)),
    leastServed: Math.min(...outcomes.map(({ leastServed }) => leastServed)),
    p99: Math.max(...outcomes.map(({ p99 }) => p99)),
  };
}

describe("instances on one row", () => {
  it.each([2, 4, 8])(
    "%i busy instances lose few writes to each other and serve their visitors evenly",
    async (instances) => {
      const { writesLost, leastServed } = await simulateWorst({ ...busy, instances });
      expect(writesLost).toBeLessThan(0.15);
      expect(leastServed).toBeGreaterThan(0.9);
    },
    60_000,
  );

  it("an instance whose calls take twice as long gets more than half of its share", async () => {
    const { leastServed } = await simulateWorst({ ...busy, instances: 8, slowness: 2 });
    expect(leastServed).toBeGreaterThan(0.6);
  });

  it("a lone visit does not wait for the turns of instances that are quiet", async () => {
    const quiet = { instances: 8, visitors: 1, pauseMs: 1_000, durationMs: 40_000 };
    expect((await simulateWorst(quiet)).p99).toBeLessThan(50);
  });

  it("a busy instance alone loses no write", async () => {
    expect((await simulateWorst({ ...busy, instances: 1 })).writesLost).toBe(0);
  });
});
