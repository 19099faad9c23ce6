// Virtual time for models of the library: the clock, the pauses and the ids of the real code follow it, and one seed decides
// everything. Its test file mocks node:timers/promises and node:crypto with what this module exports.
import { vi } from "vitest";
import { randomFrom } from "../visitor-counter/virtual-time.simulation.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Near the end of a month, since records are stored by month. */
const START = Date.UTC(2026, 10, 29, 23, 30);

export type VirtualTime = ReturnType<typeof createVirtualTime>;
let current: VirtualTime | undefined;

/** The time of the schedule that runs. */
function running(): VirtualTime {
  if (!current) throw new Error("No schedule runs");
  return current;
}

/** Instead of `setTimeout` of node:timers/promises. */
export const sleep = (ms = 0): Promise<void> => running().sleep(ms);

/** Instead of `randomUUIDv7` of node:crypto. */
export function nextUuid(): string {
  const { now, random } = running();
  const time = Math.floor(now()).toString(16).padStart(12, "0");
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`;
}

/** Replaces the clock and `Math.random` of the process by those of a new schedule; `restoreTime` ends that. */
export function createVirtualTime(seed: number) {
  const random = randomFrom(seed);
  const events: { readonly time: number; readonly run: () => void }[] = [];
  let now = START;
  vi.useFakeTimers({ toFake: ["Date"], now });
  vi.spyOn(Math, "random").mockImplementation(random);

  /** The next event is the last one of the array. */
  function at(earliest: number, run: () => void): void {
    const time = Math.max(earliest, now);
    events.splice(events.findLastIndex((event) => event.time > time) + 1, 0, { time, run });
  }
  const time = {
    random,
    chance: (probability: number) => random() < probability,
    pick: <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T,
    now: () => now,
    at,
    sleep: (ms: number) => new Promise<void>((resolve) => at(now + ms, resolve)),
    /** Runs all events of the next milliseconds, and what follows from them. */
    async run(ms: number): Promise<void> {
      const end = now + ms;
      for (;;) {
        // All promises that an event settles run before the next event.
        await new Promise(setImmediate);
        const next = events.at(-1);
        if (!next || next.time > end) break;
        events.pop();
        now = next.time;
        vi.setSystemTime(now);
        next.run();
      }
      now = end;
      vi.setSystemTime(now);
    },
  };
  current = time;
  return time;
}

export function restoreTime(): void {
  current = undefined;
  vi.useRealTimers();
  vi.restoreAllMocks();
}
