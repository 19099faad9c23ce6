// Visits that arrive while a write is under way share the next one; beyond the day's budget they are answered before it.
import { AppError } from "../lib/errors.ts";
import { type BatchesOptions, createBatches } from "./batches.ts";
import { createCostBrake } from "./cost-brake.ts";
import { createHeldVisits, type HeldVisitsOptions } from "./held-visits.ts";
import { StoreFailure } from "./total-store.ts";

/** What one visit is told: the page's total after it, and the day's. */
export type Visit = {
  readonly count: number;
  readonly today: number;
  /** The cost brake is on: the numbers are the last committed ones that this instance knows, and not the visit's own. */
  readonly degraded?: true;
};

export type GroupCommitOptions = BatchesOptions &
  Pick<HeldVisitsOptions, "later" | "holdMs"> & {
    /** Commits on one day, by all instances together, beyond which visits are held. */
    readonly dailyWriteBudget: number;
  };

export type GroupCommit = {
  /**
   * Counts one visit. Rejects with DEPENDENCY_UNAVAILABLE when the store fails for `windowMs`, refuses, or too many
   * visits wait. Only a visit so rejected, or answered as degraded, may or may not have been counted.
   */
  count(): Promise<Visit>;
  /** Commits what is held. From then on visits are counted before they are answered, whatever they cost. */
  close(): Promise<void>;
};

/** Visits that may wait for the next batch; beyond it they are refused at once. */
const MAX_WAITING = 10_000;

type Waiting = { resolve(visit: Visit): void; reject(error: AppError): void };

/** One page's counter in one process. Exact: a visit answered with its number was counted once. See docs/decisions/005. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const { page, clock, dayOf, log, meter, later, holdMs, dailyWriteBudget: budget } = options;
  const today = () => dayOf(clock.now().earliest);
  const brake = createCostBrake({ page, budget, today, log, meter });
  const batches = createBatches(options, brake.see);
  const held = createHeldVisits({ page, batches, later, holdMs, onDue, log });
  const waiting: Waiting[] = [];
  let running = false;
  let ended = Promise.resolve();
  /** What is held is to be committed now. */
  let due = false;
  let closed = false;

  /** What visits are told that are held, while they are to be. */
  function lastCommitted(): Visit | undefined {
    const row = closed ? undefined : brake.trippedAt();
    return row && { count: row.count, today: row.dayCount, degraded: true };
  }

  function holdWaiting() {
    const told = lastCommitted();
    if (!told) return;
    for (const { resolve } of waiting.splice(0)) {
      held.add();
      resolve(told);
    }
  }

  function onDue() {
    due = true;
    void work();
  }

  function refuse(visits: readonly Waiting[], cause: unknown) {
    const retryAfter = Math.ceil((cause instanceof StoreFailure && cause.retryAfter) || 5);
    const error = new AppError("DEPENDENCY_UNAVAILABLE", "The visit could not be counted", { cause, retryAfter });
    for (const { reject } of visits) reject(error);
  }

  async function commitWaiting() {
    const taken: Waiting[] = [];
    const commit = batches.open(() => {
      // The row may have been read just now, and tell that the budget is used up.
      holdWaiting();
      taken.push(...waiting.splice(0));
      return taken.length;
    });
    try {
      const given = await commit();
      if (!given) return;
      taken.forEach(({ resolve }, index) => {
        const after = taken.length - 1 - index;
        resolve({ count: given.count - after, today: given.today - after });
      });
    } catch (cause) {
      // Those still waiting are refused too: each has waited for this batch already, and none may wait without end.
      refuse([...taken, ...waiting.splice(0)], cause);
    }
  }

  async function run() {
    running = true;
    for (;;) {
      holdWaiting();
      // One batch at a time, and what is held first: its batch may be under way already.
      if (held.any() && (due || waiting.length > 0)) {
        due = false;
        await held.commit().catch((cause: unknown) => refuse(waiting.splice(0), cause));
      } else if (waiting.length > 0) await commitWaiting();
      else break;
    }
    due = false;
    running = false;
  }

  function work(): Promise<void> {
    if (!running) ended = run();
    return ended;
  }

  return {
    count() {
      const told = lastCommitted();
      if (told) {
        held.add();
        return Promise.resolve(told);
      }
      if (waiting.length >= MAX_WAITING)
        return Promise.reject(
          new AppError("DEPENDENCY_UNAVAILABLE", `More than ${MAX_WAITING} visits wait for the store`, {
            retryAfter: 5,
          }),
        );
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        void work();
      });
    },
    close() {
      closed = true;
      due = true;
      return work();
    },
  };
}
