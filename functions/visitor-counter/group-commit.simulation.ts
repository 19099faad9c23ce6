// A world for the model test: virtual time, one row, and several writers whose calls are lost, late, doubled or cut off.
import type { LogFields } from "../lib/log.ts";
import { silentMeter } from "../lib/meter.ts";
import { createGroupCommit, type GroupCommit, type GroupCommitOptions, type Visit } from "./group-commit.ts";
import { LOST, type Lost, type Outcome, type Plan, randomFrom } from "./group-commit-plan.simulation.ts";
import { createStoreClock } from "./store-clock.ts";
import { emptyTotal, type Total } from "./total.ts";
import { type StoredTotal, StoreFailure, type TotalStore } from "./total-store.ts";

/** What is under test: one writer's counter in its world. */
export type Contender = (world: WriterWorld) => GroupCommit;
export type WriterWorld = Omit<GroupCommitOptions, "page" | "dayOf" | "windowMs" | "holdMs" | "meter">;

export const CALL_MS = 400;
export const WINDOW_MS = 10_000;
export const HOLD_MS = 60_000;
const MINUTE = 60_000;
const START = Date.UTC(2026, 2, 28, 23, 50);

export const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

export const vitae: Contender = (world) =>
  createGroupCommit({ ...world, page: "page", dayOf, windowMs: WINDOW_MS, holdMs: HOLD_MS, meter: silentMeter });

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
  const writes: Total[] = [];
  const trips: LogFields[] = [];
  let forgiven = 0;

  function apply(total: Total, etag: string | undefined): string {
    if (row?.etag !== etag) throw new StoreFailure("conflict");
    row = { total: structuredClone(total), etag: String(++etags) };
    writes.push(row.total);
    return row.etag;
  }

  function createWriter(index: number) {
    // Wall clocks are wrong by up to two days; the store's Date header sets them right.
    const skew = chance(0.3) ? (random() - 0.5) * 4 * 24 * 60 * MINUTE : 0;
    const suspendAt = chance(weather.suspended) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const resumeAt = suspendAt + random() * 20 * MINUTE;
    const crashAt = chance(weather.crashed) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    // From a stream of its own, so that the worlds that know no such fate are what they were before there was one.
    const fate = randomFrom(plan.seed + 1 + index);
    const endAt = fate() < weather.terminated ? START + fate() * plan.span : Number.POSITIVE_INFINITY;
    /** Degraded visits that are lost if the writer ends now, as far as it has said so. */
    let uncommitted = 0;
    let ended = false;
    const awake = (time: number) => (time >= suspendAt && time < resumeAt ? resumeAt : time);
    const elapsed = () => now - START - (now >= resumeAt ? resumeAt - suspendAt : 0);
    /** Runs on the writer: when it is awake, and never after its crash. */
    const on = (time: number, run: () => unknown) => {
      const then = awake(Math.max(time, now));
      if (then < crashAt) at(then, () => ended || run());
    };
    const stepAt = chance(weather.stepped) ? START + random() * plan.span : Number.POSITIVE_INFINITY;
    const step = (random() - 0.5) * 120 * MINUTE;
    const clock = createStoreClock(() => now + skew + (now >= stepAt ? step : 0), elapsed);

    const cutAt = fate() < weather.cutOff ? START + fate() * plan.span : Number.POSITIVE_INFINITY;
    const backAt = cutAt + fate() * 20 * MINUTE;
    const lost = plan.lost ?? LOST[Math.floor(fate() * LOST.length)];
    const loses = (what: Lost) => what === lost && now >= cutAt && now < backAt;

    function call<T>(kind: "read" | "write", serve: () => T): Promise<T> {
      return new Promise((resolve, reject) => {
        on(now + CALL_MS, () => reject(new StoreFailure("unknown")));
        if (chance(weather.throttled) || (kind === "write" && loses("writes")))
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
            if (!chance(weather.lostAnswer) && !loses("answers"))
              on(now + random() * 20, () => {
                clock.observe(date);
                settle();
              });
          });
        if (!chance(weather.lostRequest) && !loses("requests"))
          deliver(now + random() * (chance(weather.late) ? 15 * MINUTE : 20));
        if (chance(weather.doubled)) deliver(now + random() * (chance(0.5) ? 2_000 : 15 * MINUTE));
      });
    }

    const store: TotalStore = {
      read: () => call("read", (): StoredTotal => (row ? structuredClone(row) : { total: emptyTotal })),
      write: (total, etag) => {
        const sent = structuredClone(total);
        return call("write", () => apply(sent, etag));
      },
      writeDay: (day, count) => call("write", () => void dayRows.set(day, count)),
    };
    const warn = (event: string, fields: LogFields = {}) => {
      const visits = Number(fields.visits);
      if (event === "cost-brake-tripped") trips.push({ writer: index, ...fields });
      if (event === "held-visits-uncertain") forgiven += visits;
      if (event === "held-visits-not-committed") uncommitted = visits;
    };
    const later = (ms: number, run: () => void) => on(now + ms, run);
    const sleep = (ms: number) => new Promise<void>((resolve) => on(now + ms, resolve));
    const dailyWriteBudget = plan.budget ?? Number.POSITIVE_INFINITY;
    const world = { store, clock, sleep, later, elapsed, random, dailyWriteBudget, log: { warn } };
    const { count, close } = contender({ ...world, writer: `writer-${index}` });
    async function end() {
      uncommitted = 0;
      await close();
      forgiven += uncommitted;
      ended = true;
    }
    if (endAt < Number.POSITIVE_INFINITY) on(endAt, end);
    return { on, count, crashes: crashAt < Number.POSITIVE_INFINITY, takes: () => now < endAt };
  }

  const writers = Array.from({ length: plan.writers }, (_, index) => createWriter(index));
  const answered: Visit[] = [];
  const degraded: Visit[] = [];
  let sent = 0;
  let longestWaitMs = 0;
  for (let visit = 0; visit < plan.visits; visit++) {
    const writer = writers[
      chance(plan.busy ?? 0) ? 0 : Math.floor(random() * plan.writers)
    ] as (typeof writers)[number];
    // Often in bursts, so that visits share a batch.
    const burst = Math.floor(random() * 4) / 4;
    writer.on(START + (chance(plan.busy ? 0 : 0.6) ? burst : random()) * plan.span, () => {
      if (!writer.takes()) return;
      const began = now;
      sent++;
      writer.count().then(
        (given) => {
          (given.degraded ? degraded : answered).push(given);
          if (given.degraded && writer.crashes) forgiven++;
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
  return { sent, answered, degraded, forgiven, total: row?.total ?? emptyTotal, dayRows, writes, longestWaitMs, trips };
}
