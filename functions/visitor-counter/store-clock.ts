// The store's clock as this process can know it: its Date headers, and how much time has passed since the last one.
import type { StoreTime } from "./total.ts";

export type StoreClock = {
  /** @param date milliseconds since 1970, from the Date header of an answer that just came */
  observe(date: number): void;
  now(): StoreTime;
};

/**
 * Two clocks measure the time since: the wall clock can be stepped, the monotonic one stands still while a machine is
 * suspended. What must not happen early is asked of `earliest`, what must not happen late of `latest`.
 */
export function createStoreClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): StoreClock {
  let seen = { date: wall(), wall: wall(), monotonic: monotonic() };
  return {
    observe(date) {
      seen = { date, wall: wall(), monotonic: monotonic() };
    },
    now() {
      const byWall = seen.date + wall() - seen.wall;
      const byMonotonic = seen.date + monotonic() - seen.monotonic;
      return { earliest: Math.min(byWall, byMonotonic), latest: Math.max(byWall, byMonotonic) };
    },
  };
}
