// The laws of the library over random schedules: crashes, pauses, lost and late calls, stale reads, and events in any order.
import { afterEach, expect, it, vi } from "vitest";
import { type Faults, NONE } from "./library.simulation.ts";
import { findViolations } from "./library-law.simulation.ts";
import { type Outcome, runSchedule } from "./library-schedule.simulation.ts";
import { restoreTime } from "./virtual-time.fixture.ts";

vi.mock("node:timers/promises", async (original) => ({
  ...(await original<object>()),
  setTimeout: (await import("./virtual-time.fixture.ts")).sleep,
}));
vi.mock("node:crypto", async (original) => ({
  ...(await original<object>()),
  randomUUIDv7: (await import("./virtual-time.fixture.ts")).nextUuid,
}));

/** `npm run fuzz` sets both; a failure prints its seed. */
const runs = Number(process.env.FUZZ_RUNS ?? 60);
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);

const FAULTS: Faults = { calls: 0.03, stale: 0.2, deaths: 0.01, pauses: 0.004, events: 0.3 };

afterEach(restoreTime);

async function check(faults: Faults, count: number) {
  const totals = { images: 0, deleted: 0, schedules: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const outcome: Outcome = await runSchedule(seed, faults);
    expect(findViolations(outcome), `seed ${seed}`).toEqual([]);
    restoreTime();
    totals.schedules += 1;
    totals.images += outcome.known.size;
    totals.deleted += [...outcome.known.values()].filter(({ isDeleted }) => isDeleted).length;
  }
  return totals;
}

it("keeps the laws without faults", async () => {
  const { images, deleted } = await check(NONE, Math.ceil(runs / 6));
  expect(images).toBeGreaterThan(deleted);
  expect(deleted).toBeGreaterThan(0);
});

it("keeps the laws while instances pause and die, and calls and events are lost, late or doubled", async () => {
  const { images, schedules } = await check(FAULTS, runs);
  // Otherwise the schedules show nothing.
  expect(images).toBeGreaterThan(schedules);
});
