// The cost brake: when it is on, what it says, and that the law of the counter holds with it in every schedule.
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { LogFields } from "../lib/log.ts";
import { createCostBrake } from "./cost-brake.ts";
import { HOLD_MS, simulate, vitae } from "./group-commit.simulation.ts";
import { calm, fault, plans, storm } from "./group-commit-law.simulation.ts";
import { LOST } from "./group-commit-plan.simulation.ts";
import { emptyTotal } from "./total.ts";

describe("the cost brake of an instance", () => {
  const row = (day: string, dayWrites: number) => ({ ...emptyTotal, count: dayWrites * 10, day, dayWrites });
  let today: string;
  let lines: [string, LogFields | undefined][];
  let measured: string[];
  const brakeOf = () =>
    createCostBrake({
      page: "resume",
      budget: 100,
      today: () => today,
      log: { warn: (message, fields) => lines.push([message, fields]) },
      meter: { measure: (name, value, { page } = {}) => measured.push(`${name} ${value} ${page}`) },
    });
  beforeEach(() => {
    today = "2026-03-01";
    lines = [];
    measured = [];
  });

  it("is off before a row was seen, and until the day's writes reach the budget", () => {
    const brake = brakeOf();
    expect(brake.trippedAt()).toBeUndefined();
    brake.see(row("2026-03-01", 99));
    expect(brake.trippedAt()).toBeUndefined();
    brake.see(row("2026-03-01", 100));
    expect(brake.trippedAt()).toEqual(row("2026-03-01", 100));
    brake.see(row("2026-03-01", 101));
    expect(brake.trippedAt()?.count).toBe(1_010);
  });

  it("is released by the turn of the day, before any write of the new day", () => {
    const brake = brakeOf();
    brake.see(row("2026-03-01", 100));
    today = "2026-03-02";
    expect(brake.trippedAt()).toBeUndefined();
    brake.see(row("2026-03-02", 1));
    expect(brake.trippedAt()).toBeUndefined();
  });

  it("goes by the row's day where that is ahead of the instance's", () => {
    const brake = brakeOf();
    brake.see(row("2026-03-02", 100));
    expect(brake.trippedAt()).toBeDefined();
  });

  it("tells once a day that it tripped, with page, day, writes and budget", () => {
    const brake = brakeOf();
    brake.see(row("2026-02-28", 500));
    for (const writes of [99, 102, 103, 104]) brake.see(row("2026-03-01", writes));
    expect(lines).toEqual([["cost-brake-tripped", { page: "resume", day: "2026-03-01", writes: 102, budget: 100 }]]);
    today = "2026-03-02";
    for (const writes of [1, 100, 101]) brake.see(row("2026-03-02", writes));
    expect(lines.map(([, fields]) => fields?.day)).toEqual(["2026-03-01", "2026-03-02"]);
    expect(measured).toEqual(["cost_brake_trips 1 resume", "cost_brake_trips 1 resume"]);
  });
});

describe("with the brake on", () => {
  const budget = fc.constantFrom(1, 2, 5, 20);
  const minute = 60_000;

  it("nothing is lost or doubled, whatever the network, the clocks and the machines do", async () => {
    await fc.assert(
      fc.asyncProperty(plans(storm), budget, async (plan, budget) => {
        expect(fault(await simulate({ ...plan, budget }, vitae))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  }, 120_000);

  describe("and writers that are cut off, for longer than their entries live", () => {
    const cut = fc.double({ min: 0, max: 0.5, noNaN: true }).map((terminated) => ({ ...calm, cutOff: 1, terminated }));
    const overMidnight = plans(cut).map((plan) => ({ ...plan, visits: 60, span: 40 * minute }));

    it("nothing is doubled, and what is lost is told", async () => {
      await fc.assert(
        fc.asyncProperty(overMidnight, budget, async (plan, budget) => {
          expect(fault(await simulate({ ...plan, budget, lost: "answers" }, vitae))).toBeUndefined();
        }),
        { numRuns: 200 },
      );
    }, 120_000);

    it("nothing is lost either where there is no other writer", async () => {
      await fc.assert(
        fc.asyncProperty(overMidnight, budget, fc.constantFrom(...LOST), async (plan, budget, lost) => {
          const weather = { ...plan.weather, terminated: 0 };
          const outcome = await simulate({ ...plan, weather, budget, lost, writers: 1 }, vitae);
          expect(fault(outcome)).toBeUndefined();
          expect(outcome.forgiven).toBe(0);
        }),
        { numRuns: 150 },
      );
    }, 120_000);
  });

  it("every visit is answered and in the total in the end, also of writers that were ended in order", async () => {
    const ending = fc.double({ min: 0, max: 1, noNaN: true }).map((terminated) => ({ ...calm, terminated }));
    await fc.assert(
      fc.asyncProperty(plans(ending), budget, async (plan, budget) => {
        const outcome = await simulate({ ...plan, budget }, vitae);
        expect(fault(outcome)).toBeUndefined();
        expect(outcome.forgiven).toBe(0);
        expect(outcome.answered.length + outcome.degraded.length).toBe(outcome.sent);
        expect(outcome.total.count).toBe(outcome.sent);
      }),
      { numRuns: 200 },
    );
  }, 120_000);

  it("each writer goes beyond the budget by one commit at most, and by one a minute from then on", async () => {
    const span = fc.constantFrom(200, 5 * minute, 9 * minute);
    await fc.assert(
      fc.asyncProperty(plans(fc.constant(calm)), budget, span, async (plan, budget, span) => {
        const { writes, trips } = await simulate({ ...plan, visits: 200, budget, span }, vitae);
        const minutes = Math.ceil(span / HOLD_MS);
        expect(writes.length).toBeLessThanOrEqual(budget + plan.writers - 1 + plan.writers * minutes);
        const writers = trips.map(({ writer }) => writer);
        expect(new Set(writers).size).toBe(writers.length);
      }),
      { numRuns: 200 },
    );
  }, 120_000);

  it("a day that turns counts anew", async () => {
    // Ten minutes before midnight and six after.
    const plan = { seed: 1, writers: 2, visits: 400, span: 16 * minute, budget: 5, weather: calm };
    const { writes, trips, answered } = await simulate(plan, vitae);
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
    expect(answered.some(({ count }) => count > (days.get("2026-03-28")?.at(-1)?.count ?? 0))).toBe(true);
  });
});
