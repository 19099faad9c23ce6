// The model: virtual time, one row, and several writers whose calls are lost, late, doubled or throttled, and whose reads
// may return an earlier version of the row.
import type { LogFields } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createStoreClock } from "../lib/store-clock.ts";
import type { DayNumbers } from "./day-rows.ts";
import { createGroupCommit, type GroupCommit, type GroupCommitOptions } from "./group-commit.ts";
import type { Outcome, Plan } from "./group-commit-law.simulation.ts";
import { emptyTotal, type Total, withDayOver } from "./total.ts";
import { type ReadTotal, type StoredTotal, StoreError, type TotalStore } from "./total-store.ts";
import { SALT_BYTES } from "./uniques.ts";
import { type Response, visitorAt } from "./uniques-law.simulation.ts";
import { createTimeline, randomFrom } from "./virtual-time.simulation.ts";

export const CALL_MS = 400;
const MINUTE = 60_000;
/** How far a read may lag behind: a second is likely, minutes are beyond any bound that Cosmos DB names. */
const LAGS_MS = [2_000, MINUTE, 15 * MINUTE] as const;
/** What a writer that is cut off loses. */
const LOST = ["requests", "responses", "writes"] as const;
const START = Date.UTC(2026, 2, 28, 23, 50);

export const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** What is the same in all simulations. */
export const fixedOptions = {
  page: "page",
  dayOf,
  windowMs: 10_000,
  closingMs: 2_000,
  holdMs: 60_000,
  meter: silentMeter,
};

/** The counter under test, of one writer. */
export type CreateCounter = (options: Omit<GroupCommitOptions, keyof typeof fixedOptions>) => GroupCommit;
export const vitae: CreateCounter = (options) => createGroupCommit({ ...options, ...fixedOptions });

export async function simulate(plan: Plan, createCounter: CreateCounter): Promise<Outcome> {
  const { faults } = plan;
  const random = randomFrom(plan.seed);
  const chance = (probability: number) => random() < probability;
  const { at, now, run } = createTimeline(START);

  let row: { total: Total; etag: string } | undefined;
  /** Earlier versions of the row, each with the time until which it was current. */
  const versions: { until: number; row: typeof row }[] = [];
  let etags = 0;
  const dayRows = new Map<string, DayNumbers>();
  const writes: Total[] = [];
  const trips: LogFields[] = [];
  let maybeLost = 0;

  function apply(total: Total, etag: string | undefined): string {
    if (row?.etag !== etag) throw new StoreError("conflict");
    versions.push({ until: now(), row });
    row = { total, etag: String(++etags) };
    writes.push(row.total);
    return row.etag;
  }

  function createWriter(index: number) {
    // Wall clocks are wrong by up to two days; the store's Date header corrects them.
    const skew = chance(0.3) ? (random() - 0.5) * 4 * 24 * 60 * MINUTE : 0;
    const suspendAt = chance(faults.suspended) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const resumeAt = suspendAt + random() * 20 * MINUTE;
    const crashAt = chance(faults.crashed) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    // A stream of its own, so that these faults do not change the other random values of a seed.
    const more = randomFrom(plan.seed + 1 + index);
    const endAt = more() < faults.terminated ? START + more() * plan.span : Number.POSITIVE_INFINITY;
    /** Degraded visits that the writer has logged as not yet committed. */
    let uncommitted = 0;
    let ended = false;
    const awake = (time: number) => (time >= suspendAt && time < resumeAt ? resumeAt : time);
    const elapsed = () => now() - START - (now() >= resumeAt ? resumeAt - suspendAt : 0);
    /** Runs on the writer while it is awake, and never after its crash. */
    const on = (time: number, run: () => unknown) => {
      const then = awake(Math.max(time, now()));
      if (then < crashAt) at(then, () => ended || run());
    };
    const stepAt = chance(faults.stepped) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const step = (random() - 0.5) * 120 * MINUTE;
    const clock = createStoreClock(() => now() + skew + (now() >= stepAt ? step : 0), elapsed);

    const cutAt = more() < faults.cutOff ? START + more() * plan.span : Number.POSITIVE_INFINITY;
    const backAt = cutAt + more() * 20 * MINUTE;
    const lost = LOST[Math.floor(more() * LOST.length)];
    const loses = (what: (typeof LOST)[number]) => what === lost && now() >= cutAt && now() < backAt;

    const lags = randomFrom(plan.seed - 1 - index);
    function read(): ReadTotal {
      const lag = lags() < faults.staleRead ? lags() * (LAGS_MS[Math.floor(lags() * LAGS_MS.length)] ?? 0) : 0;
      const version = versions.find(({ until }) => until > now() - lag);
      const found: StoredTotal = (version ? version.row : row) ?? { total: emptyTotal };
      return { ...structuredClone(found), readAt: Math.floor(now() / 1000) * 1000 };
    }

    function call<T>(kind: "read" | "write", serve: () => T): Promise<T> {
      return new Promise((resolve, reject) => {
        on(now() + CALL_MS, () => reject(new StoreError("transient")));
        if (chance(faults.throttled) || (kind === "write" && loses("writes")))
          return on(now() + 5, () => reject(new StoreError("transient", { retryAfter: 0.1 })));
        const deliver = (time: number) =>
          at(time, () => {
            const date = Math.floor(now() / 1000) * 1000;
            let settle: () => void;
            try {
              const response = serve();
              settle = () => resolve(response);
            } catch (error) {
              settle = () => reject(error);
            }
            if (!chance(faults.lostResponse) && !loses("responses"))
              on(now() + random() * 20, () => {
                clock.observe(date);
                settle();
              });
          });
        if (!chance(faults.lostRequest) && !loses("requests"))
          deliver(now() + random() * (chance(faults.late) ? 15 * MINUTE : 20));
        if (chance(faults.doubled)) deliver(now() + random() * (chance(0.5) ? 2_000 : 15 * MINUTE));
      });
    }

    const store: TotalStore = {
      read: () => call("read", read),
      write: (total, etag) => {
        const sent = structuredClone(total);
        return call("write", () => apply(sent, etag));
      },
      writeDay: (numbers) => call("write", () => void dayRows.set(numbers.day, numbers)),
    };
    const warn = (event: string, fields: LogFields = {}) => {
      const visits = Number(fields.visits);
      if (event === "cost-brake-tripped") trips.push({ writer: index, ...fields });
      if (event === "held-visits-dropped") maybeLost += visits;
      if (event === "held-visits-not-committed") uncommitted = visits;
    };
    const later = (ms: number, run: () => void) => on(now() + ms, run);
    const sleep = (ms: number) => new Promise<void>((resolve) => on(now() + ms, resolve));
    const dailyWriteBudget = plan.budget ?? Number.POSITIVE_INFINITY;
    const salts = randomFrom(plan.seed + 100 + index);
    const createSalt = () => Uint8Array.from({ length: SALT_BYTES }, () => salts() * 256);
    const options = { store, clock, sleep, later, elapsed, random, createSalt, dailyWriteBudget, log: { warn } };
    const { count, close } = createCounter({ ...options, writer: `writer-${index}` });
    async function end() {
      uncommitted = 0;
      await close();
      maybeLost += uncommitted;
      ended = true;
    }
    if (endAt < Number.POSITIVE_INFINITY) on(endAt, end);
    /** What the hourly timer does for a page, without its retries. */
    async function turnDay() {
      const { total, etag } = await store.read();
      const turned = withDayOver(total, dayOf(clock.now().earliest));
      if (turned) await store.write(turned, etag);
    }
    const crashes = crashAt < Number.POSITIVE_INFINITY;
    return { on, count, turnDay, crashes, accepts: () => now() < endAt };
  }

  const writers = Array.from({ length: plan.writers }, (_, index) => createWriter(index));
  for (let turn = 0; turn < (plan.turns ?? 0); turn++) {
    const timer = createWriter(plan.writers + turn);
    timer.on(START + random() * plan.span * 1.2, () => timer.turnDay().catch(() => undefined));
  }
  const exact: Response[] = [];
  const degraded: Response[] = [];
  const visitors: (number | undefined)[] = [];
  const chosen = randomFrom(plan.seed + 50);
  let longestWaitMs = 0;
  for (let visit = 0; visit < plan.visits; visit++) {
    const writer = writers[
      chance(plan.busy ?? 0) ? 0 : Math.floor(random() * plan.writers)
    ] as (typeof writers)[number];
    // Often in bursts, so that visits share a batch.
    const burst = Math.floor(random() * 4) / 4;
    // One in ten is not to be hashed.
    const visitor = chosen() < 0.1 ? undefined : Math.floor(chosen() * (plan.visitors ?? 1));
    writer.on(START + (chance(plan.busy ? 0 : 0.6) ? burst : random()) * plan.span, () => {
      if (!writer.accepts()) return;
      const began = now();
      visitors.push(visitor);
      writer.count(visitor === undefined ? undefined : visitorAt(visitor)).then(
        (response) => {
          (response.degraded ? degraded : exact).push({ ...response, visitor });
          if (response.degraded && writer.crashes) maybeLost++;
          longestWaitMs = Math.max(longestWaitMs, now() - began);
        },
        () => undefined,
      );
    });
  }
  await run();
  const total = row?.total ?? emptyTotal;
  return { visitors, exact, degraded, maybeLost, total, dayRows, writes, longestWaitMs, trips };
}
