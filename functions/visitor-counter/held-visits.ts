// Visits that were answered before their commit: how many there are, and the batch that takes them to the row in time.
import type { Log } from "../lib/log.ts";
import type { Batches } from "./batches.ts";
import { StoreFailure } from "./total-store.ts";

export type HeldVisitsOptions = {
  readonly page: string;
  readonly batches: Batches;
  /** Calls back once, after that many milliseconds; keeps no process alive. */
  readonly later: (ms: number, run: () => void) => void;
  /** Milliseconds from the first visit that is held to the commit of all that are held by then. */
  readonly holdMs: number;
  /** Called when it is time to commit. */
  readonly onDue: () => void;
  readonly log: Pick<Log, "warn">;
};

export type HeldVisits = {
  add(): void;
  any(): boolean;
  /** Commits all of them, or goes on with the batch that did not get through. Rejects with the StoreFailure. */
  commit(): Promise<void>;
};

export function createHeldVisits({ page, batches, later, holdMs, onDue, log }: HeldVisitsOptions): HeldVisits {
  let held = 0;
  /** Sent, and not known to be applied or not. */
  let pending: { visits: number; commit: ReturnType<Batches["open"]> } | undefined;
  let timed = false;

  function commitLater() {
    if (timed) return;
    timed = true;
    later(holdMs, () => {
      timed = false;
      if (any()) onDue();
    });
  }

  function open() {
    const opened = { visits: 0, commit: batches.open(take) };
    function take() {
      opened.visits = held;
      held = 0;
      return opened.visits;
    }
    return opened;
  }

  async function send(batch: NonNullable<typeof pending>) {
    pending = batch;
    await batch.commit();
    pending = undefined;
  }

  const any = () => held > 0 || pending !== undefined;

  return {
    add() {
      held++;
      commitLater();
    },
    any,
    async commit() {
      // The row as it was a minute ago is no basis: reading first, an outage is noticed before the batch is frozen.
      batches.forget();
      try {
        if (pending) await send(pending);
        if (held > 0) await send(open());
      } catch (error) {
        const visits = pending?.visits ?? 0;
        if (error instanceof StoreFailure && error.kind === "uncertain") {
          // Sending them again could count them twice.
          log.warn("held-visits-uncertain", { page, visits });
          pending = undefined;
        } else {
          log.warn("held-visits-not-committed", { page, visits: visits + held, error });
          // Not even frozen: the next one takes them.
          if (visits === 0) pending = undefined;
        }
        throw error;
      } finally {
        if (any()) commitLater();
      }
    },
  };
}
