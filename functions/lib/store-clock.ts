// The store's time as this process knows it, and the calendar day of the site at a time.
/**
 * The store's time in milliseconds since 1970. A range, because the clocks of this process may have been stepped or
 * suspended since the store's last response.
 */
export type StoreTime = { readonly earliest: number; readonly latest: number };

export type StoreClock = {
  /** @param date milliseconds since 1970, from the Date header of a response that just arrived */
  observe(date: number): void;
  now(): StoreTime;
};

/** Date headers have whole seconds. */
const DATE_STEP_MS = 1_000;

/**
 * Adds to the last Date header the time that has passed since. Two clocks measure it: the wall clock can be stepped, and
 * the monotonic clock stands still while a machine is suspended. What must not happen too early goes by `earliest`, what
 * must not happen too late by `latest`. A header begins the second in which the response was sent, so while the result is
 * in that second, it is kept: it is more precise, and does not go back.
 */
export function createStoreClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): StoreClock {
  let seen = { date: wall(), wall: wall(), monotonic: monotonic() };
  let isObserved = false;
  function now(): StoreTime {
    const byWall = seen.date + wall() - seen.wall;
    const byMonotonic = seen.date + monotonic() - seen.monotonic;
    return { earliest: Math.min(byWall, byMonotonic), latest: Math.max(byWall, byMonotonic) };
  }
  return {
    observe(date) {
      const { earliest, latest } = now();
      // The first header always counts, since the wall clock may be ahead of the store.
      if (isObserved && date <= earliest && latest < date + DATE_STEP_MS) return;
      isObserved = true;
      seen = { date, wall: wall(), monotonic: monotonic() };
    },
    now,
  };
}

/**
 * Measures how long ago something began, at least: the longer of what the two clocks of this process say.
 * @returns a function that returns the milliseconds since this call
 */
export function startStopwatch(...clocks: Parameters<typeof createStoreClock>): () => number {
  const clock = createStoreClock(...clocks);
  clock.observe(0);
  return () => clock.now().latest;
}

/**
 * Flex Consumption forbids TZ and WEBSITE_TIME_ZONE, so the time zone is a setting of the app.
 * @param timeZone IANA name
 * @returns a function from milliseconds since 1970 to YYYY-MM-DD
 */
export function dayIn(timeZone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (time) => format.format(time);
}

/** The first full second that has not begun before now, since tokens carry seconds. */
export const nextSecond = ({ latest }: StoreTime): number => Math.ceil(latest / 1000);
