// The laws of the library over random schedules: crashes, pauses, lost and late calls, stale reads, and events in any order.
import { afterEach, expect, it, vi } from "vitest";
import { fuzzRuns, fuzzSeed } from "../lib/fuzzing.fixture.ts";
import type { Faults } from "./library.simulation.ts";
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

/** `npm run fuzz` sets both. */
const runs = fuzzRuns(60);
const firstSeed = fuzzSeed ?? 1;

/** Each has one kind of fault that is frequent. */
const FAULTS: readonly Faults[] = [
  { calls: 0.03, stale: 0.2, deaths: 0.01, pauses: 0.004, events: 0.3, restores: 0.1 },
  { calls: 0, stale: 0.1, deaths: 0.04, pauses: 0, events: 0.1, restores: 0.1 },
  { calls: 0.01, stale: 0.1, deaths: 0.005, pauses: 0.03, events: 0.5, restores: 0.1 },
  { calls: 0.12, stale: 0.1, deaths: 0, pauses: 0.002, events: 0.1, restores: 0.1 },
  { calls: 0.01, stale: 0.7, deaths: 0.005, pauses: 0, events: 0.5, restores: 0.1 },
];
/** Nothing that needs the audit: instances pause, reads are stale, and events are lost, late or doubled. */
const NO_LOSS: Faults = { calls: 0, stale: 0.3, deaths: 0, pauses: 0.01, events: 0.5, restores: 0 };
/** Nothing that needs the audit of public copies: no call is late, and no process goes on late and dies then. */
const CRASHES: Faults = { calls: 0, stale: 0.3, deaths: 0.02, pauses: 0, events: 0.3, restores: 0 };
const timeout = 60_000 + runs * 200;

afterEach(restoreTime);

async function check(seed: number, faults: Faults, hasPublicAudit = true): Promise<Outcome> {
  const outcome = await runSchedule(seed, faults, { hasPublicAudit });
  expect(findViolations(outcome), `npm run fuzz -- --only library --runs 1 --seed ${seed}`).toEqual([]);
  restoreTime();
  return outcome;
}
const seeds = (count: number) => Array.from({ length: count }, (_, index) => firstSeed + index);

it("keeps the laws without crashes and lost calls, and the audit has nothing to repair", { timeout }, async () => {
  let images = 0;
  let deleted = 0;
  for (const seed of seeds(Math.ceil(runs / 3))) {
    const { known, world } = await check(seed, NO_LOSS, false);
    expect(
      world.lines.filter(({ message }) => message === "image-differs"),
      `seed ${seed}`,
    ).toEqual([]);
    images += known.size;
    deleted += [...known.values()].filter(({ isDeleted }) => isDeleted).length;
  }
  // Otherwise the schedules show nothing.
  if (runs > 10) expect([images > runs, deleted > runs / 10]).toEqual([true, true]);
});

it("keeps public copies as the records say while instances die, without the audit of the copies", {
  timeout,
}, async () => {
  for (const seed of seeds(Math.ceil(runs / 2))) await check(seed, CRASHES, false);
});

it("keeps the laws while instances pause and die, and calls are lost, late or doubled", { timeout }, async () => {
  const messages = new Set<string>();
  for (const seed of seeds(runs)) {
    const { world } = await check(seed, FAULTS[seed % FAULTS.length] as Faults);
    for (const { message } of world.lines) messages.add(message);
  }
  const repairs = ["image-repaired", "image-differs"];
  if (runs > 10) expect([...messages]).toEqual(expect.arrayContaining(repairs));
});
