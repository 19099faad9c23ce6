// Several instances on one row under load, in virtual time: how many writes lose a race, and how evenly visits are served.
import { createStoreClock } from "../lib/store-clock.ts";
import { fixedOptions } from "./group-commit.simulation.ts";
import { createGroupCommit } from "./group-commit.ts";
import { emptyTotal, type Total } from "./total.ts";
import { StoreError, type TotalStore } from "./total-store.ts";
import { createSalt } from "./uniques.ts";
import { randomFrom } from "./virtual-time.simulation.ts";

export type Load = {
  readonly seed: number;
  readonly instances: number;
  /** Visitors of each instance. Each visits again after its response. */
  readonly visitors: number;
  /** Mean milliseconds between a response and the visitor's next visit, distributed exponentially. */
  readonly pauseMs: number;
  readonly durationMs: number;
  /** Times that the calls of the first instance take longer than those of the others. */
  readonly slowness?: number;
};

export type LoadOutcome = {
  /** Share of the writes that another instance overtook. */
  readonly writesLost: number;
  /** Visits of the instance with the fewest, as a share of an even part. */
  readonly leastServed: number;
  /** 99 of 100 visits took at most that many milliseconds. */
  readonly p99: number;
};

/** Milliseconds from the process to the store, or back; one call in twenty takes up to four times as long. */
const ONE_WAY_MS = 2;

export async function simulateLoad(load: Load): Promise<LoadOutcome> {
  const random = randomFrom(load.seed);
  let now = 0;
  const events: { at: number; run: () => void }[] = [];
  const after = (ms: number, run: () => void) => void events.push({ at: now + ms, run });
  const start = Date.UTC(2026, 0, 1);

  let row: { total: Total; etag: string } = { total: emptyTotal, etag: "0" };
  let writes = 0;
  let lost = 0;
  const waits: number[] = [];
  const served: number[] = Array(load.instances).fill(0);

  function apply(total: Total, etag: string | undefined): string {
    writes++;
    if (etag !== row.etag) {
      lost++;
      throw new StoreError("conflict");
    }
    row = { total, etag: String(writes) };
    return row.etag;
  }

  function startInstance(index: number) {
    const slowness = index === 0 ? (load.slowness ?? 1) : 1;
    const oneWay = () => ONE_WAY_MS * slowness * (0.6 + 0.8 * random() + (random() < 0.05 ? 3 * random() : 0));
    const call = <T>(serve: () => T) =>
      new Promise<T>((resolve, reject) =>
        after(oneWay(), () => {
          try {
            const response = serve();
            after(oneWay(), () => resolve(response));
          } catch (error) {
            after(oneWay(), () => reject(error));
          }
        }),
      );
    const store: TotalStore = {
      read: () => call(() => ({ ...row, readAt: start + now })),
      write: (total, etag) => call(() => apply(total, etag)),
      writeDay: async () => undefined,
    };
    const { count } = createGroupCommit({
      ...fixedOptions,
      store,
      clock: createStoreClock(
        () => start + now,
        () => now,
      ),
      writer: `writer-${index}`,
      later: after,
      dailyWriteBudget: Number.POSITIVE_INFINITY,
      sleep: (ms) => new Promise<void>((resolve) => after(ms, resolve)),
      elapsed: () => now,
      random,
      createSalt,
      log: { warn: () => undefined },
    });
    const pause = () => -Math.log(1 - random()) * load.pauseMs;
    function visit() {
      const began = now;
      if (began > load.durationMs) return;
      void count().then(() => {
        waits.push(now - began);
        served[index] = (served[index] ?? 0) + 1;
        after(pause(), visit);
      });
    }
    for (let visitor = 0; visitor < load.visitors; visitor++) after(pause(), visit);
  }

  for (let index = 0; index < load.instances; index++) startInstance(index);
  while (events.length > 0) {
    events.sort((a, b) => b.at - a.at);
    const event = events.pop() as (typeof events)[number];
    now = event.at;
    event.run();
    // All promises that the event settles run before the next event.
    await new Promise(setImmediate);
  }
  return {
    writesLost: lost / writes,
    leastServed: (Math.min(...served) * load.instances) / waits.length,
    p99: waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.99)] ?? 0,
  };
}
