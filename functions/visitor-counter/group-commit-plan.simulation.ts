// What a run of the model is given, and what comes of it.
import type { Visit } from "./group-commit.ts";
import type { Total } from "./total.ts";

export const LOST = ["requests", "answers", "writes"] as const;
export type Lost = (typeof LOST)[number];

/** Chances between 0 and 1. */
export type Weather = {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  /** A request that arrives long after its client has given up. */
  readonly late: number;
  /** A request that is delivered twice, the second time late. */
  readonly doubled: number;
  readonly throttled: number;
  /** A writer that stands still for a while, as a suspended instance does. */
  readonly suspended: number;
  /** A wall clock that jumps once, by up to an hour. */
  readonly stepped: number;
  /** A writer none of whose requests, answers or writes get through for up to twenty minutes. */
  readonly cutOff: number;
  readonly crashed: number;
  /** A writer that is ended in order, as the platform does it: it is sent nothing more, and may finish. */
  readonly terminated: number;
};

export type Plan = {
  readonly seed: number;
  readonly writers: number;
  readonly visits: number;
  /** Milliseconds over which the visits arrive. */
  readonly span: number;
  /** Share of the visits that go to the first writer whatever chance says. */
  readonly busy?: number;
  /** What does not get through when a writer is cut off, if that is not left to chance. */
  readonly lost?: Lost;
  /** Commits a day; without it there is no brake. */
  readonly budget?: number;
  readonly weather: Weather;
};

export type Outcome = {
  /** Visits that went to a writer that took any. */
  readonly sent: number;
  /** Answered with a number of their own. */
  readonly answered: readonly Visit[];
  /** Answered without one. */
  readonly degraded: readonly Visit[];
  /** Degraded visits that a crash, or an end while the store was down, may have lost, or that no row can tell of. */
  readonly forgiven: number;
  readonly total: Total;
  readonly dayRows: ReadonlyMap<string, number>;
  /** The row after every write, in order. */
  readonly writes: readonly Total[];
  readonly longestWaitMs: number;
  /** Lines of the event that tells of the brake, with the writer that wrote them. */
  readonly trips: readonly Readonly<Record<string, unknown>>[];
};

/** mulberry32: small, and the same everywhere. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
