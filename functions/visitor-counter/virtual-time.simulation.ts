// Virtual time for models: events in order, and random numbers from a seed.

/** mulberry32: small, and the same on every machine. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Timeline = {
  /** Milliseconds. */
  now(): number;
  /** Runs an event at that time, or now if that is past. */
  at(time: number, run: () => void): void;
  /** Runs all events, also those that these add. */
  run(): Promise<void>;
};

export function createTimeline(start: number): Timeline {
  let now = start;
  /** The next event is the last one of the array. */
  const events: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    at(earliest, run) {
      const time = Math.max(earliest, now);
      events.splice(events.findLastIndex((event) => event.at > time) + 1, 0, { at: time, run });
    },
    async run() {
      const { stackTraceLimit } = Error;
      // Models throw thousands of errors, whose stacks would take a tenth of their time.
      Error.stackTraceLimit = 1;
      try {
        for (let event = events.pop(); event; event = events.pop()) {
          now = event.at;
          event.run();
          // All promises that the event settles run before the next event.
          await new Promise(setImmediate);
        }
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    },
  };
}
