// A world for the model test: virtual time, one row, and several writers whose calls are lost, late, doubled or cut off.
import { createGroupCommit, type StoredTotal, StoreFailure, type TotalStore, type Visit } from "./group-commit.ts";
import { createStoreClock } from "./store-clock.ts";
import { emptyTotal, type Total } from "./total.ts";

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
  readonly crashed: number;
};

export type Plan = {
  readonly seed: number;
  readonly writers: number;
  readonly visits: number;
  /** Milliseconds over which the visits arrive. */
  readonly span: number;
  /** Share of the visits that go to the first writer whatever chance says. */
  readonly busy?: number;
  readonly weather: Weather;
};

export type Outcome = {
  readonly answered: readonly Visit[];
  /** Visits refused, or whose writer crashed before it answered. */
  readonly unanswered: number;
  readonly total: Total;
  readonly dayRows: ReadonlyMap<string, number>;
  /** The row's day after every write, in order. */
  readonly days: readonly string[];
  readonly longestWaitMs: number;
};

/** What is under test: given a writer's world, counts one visit. */
export type Contender = (world: WriterWorld) => () => Promise<Visit>;
export type WriterWorld = {
  readonly store: TotalStore;
  readonly writer: string;
  readonly clock: ReturnType<typeof createStoreClock>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly elapsed: () => number;
  readonly random: () => number;
};

export const CALL_MS = 400;
export const WINDOW_MS = 10_000;
const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 28, 23, 50);

export const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

export const vitae: Contender = (world) =>
  createGroupCommit({ ...world, dayOf, windowMs: WINDOW_MS, log: { warn: () => undefined } });

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function simulate(plan: Plan, contender: Contender): Promise<Outcome> {
  const { weather } = plan;
  const random = randomFrom(plan.seed);
  const chance = (probability: number) => random() < probability;
  let now = START;
  let order = 0;
  const events: { at: number; order: number; run: () => void }[] = [];
  const at = (time: number, run: () => void) => events.push({ at: Math.max(time, now), order: order++, run });

  let row: { total: Total; etag: string } | undefined;
  let etags = 0;
  const dayRows = new Map<string, number>();
  const days: string[] = [];

  function apply(total: Total, etag: string | undefined): string {
    if (row?.etag !== etag) throw new StoreFailure("conflict");
    row = { total: structuredClone(total), etag: String(++etags) };
    days.push(total.day);
    return row.etag;
  }

  function createWriter(index: number) {
    // Wall clocks are wrong by up to two days; the store's Date header sets them right.
    const skew = chance(0.3) ? (random() - 0.5) * 4 * 24 * 60 * MINUTE : 0;
    const suspendAt = chance(weather.suspended) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const resumeAt = suspendAt + random() * 20 * MINUTE;
    const crashAt = chance(weather.crashed) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const awake = (time: number) => (time >= suspendAt && time < resumeAt ? resumeAt : time);
    const elapsed = () => now - START - (now >= resumeAt ? resumeAt - suspendAt : 0);
    /** Runs on the writer: when it is awake, and never after its crash. */
    const on = (time: number, run: () => void) => {
      const then = awake(Math.max(time, now));
      if (then < crashAt) at(then, run);
    };
    const stepAt = chance(weather.stepped) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const step = (random() - 0.5) * 120 * MINUTE;
    const clock = createStoreClock(() => now + skew + (now >= stepAt ? step : 0), elapsed);

    function call<T>(serve: () => T): Promise<T> {
      return new Promise((resolve, reject) => {
        on(now + CALL_MS, () => reject(new StoreFailure("unknown")));
        if (chance(weather.throttled))
          return on(now + 5, () => reject(new StoreFailure("unknown", { retryAfter: 0.1 })));
        const deliver = (time: number) =>
          at(time, () => {
            const date = Math.floor(now / 1000) * 1000;
            let settle: () => void;
            try {
              const served = serve();
              settle = () => resolve(served);
            } catch (failure) {
              settle = () => reject(failure);
            }
            if (!chance(weather.lostAnswer))
              on(now + random() * 20, () => {
                clock.observe(date);
                settle();
              });
          });
        if (!chance(weather.lostRequest)) deliver(now + random() * (chance(weather.late) ? 15 * MINUTE : 20));
        if (chance(weather.doubled)) deliver(now + random() * (chance(0.5) ? 2_000 : 15 * MINUTE));
      });
    }

    const store: TotalStore = {
      read: () => call((): StoredTotal => (row ? structuredClone(row) : { total: emptyTotal })),
      write: (total, etag) => {
        const sent = structuredClone(total);
        return call(() => apply(sent, etag));
      },
      writeDay: (day, count) => call(() => void dayRows.set(day, count)),
    };
    const sleep = (ms: number) => new Promise<void>((resolve) => on(now + ms, resolve));
    return { on, count: contender({ store, clock, sleep, elapsed, random, writer: `writer-${index}` }) };
  }

  const writers = Array.from({ length: plan.writers }, (_, index) => createWriter(index));
  const answered: Visit[] = [];
  let longestWaitMs = 0;
  for (let visit = 0; visit < plan.visits; visit++) {
    const writer = writers[
      chance(plan.busy ?? 0) ? 0 : Math.floor(random() * plan.writers)
    ] as (typeof writers)[number];
    // Often in bursts, so that visits share a batch.
    const burst = Math.floor(random() * 4) / 4;
    writer.on(START + (chance(plan.busy ? 0 : 0.6) ? burst : random()) * plan.span, () => {
      const began = now;
      writer.count().then(
        (given) => {
          answered.push(given);
          longestWaitMs = Math.max(longestWaitMs, now - began);
        },
        () => undefined,
      );
    });
  }
  while (events.length > 0) {
    events.sort((a, b) => b.at - a.at || b.order - a.order);
    const event = events.pop() as (typeof events)[number];
    now = event.at;
    event.run();
    // Everything the event set going in promises happens before the next event.
    await new Promise(setImmediate);
  }
  return {
    answered,
    unanswered: plan.visits - answered.length,
    total: row?.total ?? emptyTotal,
    dayRows,
    days,
    longestWaitMs,
  };
}
