// The cost brake: the law of the counter holds with it in every schedule, and it limits the writes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fixedOptions, simulate, vitae } from "./group-commit.simulation.ts";
import { allFaults, noFaults, plans, violation } from "./group-commit-law.simulation.ts";

describe("group commit beyond its budget", () => {
  const budget = fc.constantFrom(1, 2, 5, 20);
  const minute = 60_000;

  it("counts no visit twice and loses none silently under network, clock and machine faults", async () => {
    await fc.assert(
      fc.asyncProperty(plans(allFaults), budget, async (plan, budget) => {
        expect(violation(await simulate({ ...plan, budget }, vitae))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it("responds to and commits every visit, also of writers that are shut down in order", async () => {
    const ending = fc.double({ min: 0, max: 1, noNaN: true }).map((terminated) => ({ ...noFaults, terminated }));
    await fc.assert(
      fc.asyncProperty(plans(ending), budget, async (plan, budget) => {
        const outcome = await simulate({ ...plan, budget }, vitae);
        expect(violation(outcome)).toBeUndefined();
        expect(outcome.maybeLost).toBe(0);
        expect(outcome.exact.length + outcome.degraded.length).toBe(outcome.visitors.length);
        expect(outcome.total.count).toBe(outcome.visitors.length);
      }),
      { numRuns: 200 },
    );
  });

  it("exceeds the budget by at most one commit of each writer, and then by one a minute", async () => {
    const span = fc.constantFrom(200, 5 * minute, 9 * minute);
    await fc.assert(
      fc.asyncProperty(plans(fc.constant(noFaults)), budget, span, async (plan, budget, span) => {
        const { writes, trips } = await simulate({ ...plan, visits: 200, budget, span }, vitae);
        const minutes = Math.ceil(span / fixedOptions.holdMs);
        // The span may end after midnight. The first timer that runs then turns the day, and the others find it turned.
        const turns = Math.min(1, plan.turns ?? 0);
        expect(writes.length).toBeLessThanOrEqual(budget + plan.writers - 1 + plan.writers * minutes + turns);
        const writers = trips.map(({ writer }) => writer);
        expect(new Set(writers).size).toBe(writers.length);
      }),
      { numRuns: 200 },
    );
  });

  it("starts a new budget when the day changes", async () => {
    // Ten minutes before midnight and six after.
    const plan = { seed: 1, writers: 2, visits: 400, span: 16 * minute, budget: 5, faults: noFaults };
    const { writes, trips, exact } = await simulate(plan, vitae);
    const days = Map.groupBy(writes, ({ day }) => day);
    expect([...days.keys()]).toEqual(["2026-03-28", "2026-03-29"]);
    for (const rows of days.values())
      expect(rows.map(({ dayWrites }) => dayWrites)).toEqual(rows.map((_, at) => at + 1));
    expect(trips.map(({ writer, day }) => `${writer} ${day}`).sort()).toEqual([
      "0 2026-03-28",
      "0 2026-03-29",
      "1 2026-03-28",
      "1 2026-03-29",
    ]);
    expect(exact.some(({ count }) => count > (days.get("2026-03-28")?.at(-1)?.count ?? 0))).toBe(true);
  });
});
