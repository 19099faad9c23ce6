// Admits work by weight: at most so much, and so many, at a time. The rest waits in order, bounded in number and time.
import { AppError } from "./errors.ts";

/** How long a caller waits. Beyond either limit it gets DEPENDENCY_UNAVAILABLE with Retry-After. */
export type Patience = {
  /** Callers that may already wait. */
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
  /** Seconds after which a rejected client may try again. @default 10 */
  readonly retryAfter?: number;
};

export type RunOptions = {
  /** Whether nothing else may run at the same time. @default false */
  readonly isAlone?: boolean;
};

/** A client waits for the response. */
export const requestPatience: Patience = { maxWaiting: 64, maxWaitMs: 30_000 };
/** A timer that waits must end before `functionTimeout` in host.json. A failure counts as one of five attempts. */
export const eventPatience: Patience = { maxWaiting: 256, maxWaitMs: 60_000 };

/** Hashes are short: a client that waits longer than this does better to send its request again. */
export const hashPatience: Patience = { maxWaiting: 16, maxWaitMs: 2_000, retryAfter: 2 };

export type Gate = {
  /**
   * Runs the work as soon as its weight fits and all earlier callers have started, so that heavy work is never overtaken.
   * Work above the whole capacity runs alone. The weight is held until the work settles.
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when too many callers wait, or the wait is too long; the work does not run then
   */
  run<T>(weight: number, patience: Patience, work: () => Promise<T>, options?: RunOptions): Promise<T>;
};

type Options = {
  /** What is limited, for the log: "decodes". */
  readonly name: string;
  /** Sum of the weights that run at once, in any unit. */
  readonly capacity: number;
  /** @default unlimited */
  readonly maxRunning?: number;
};

const RETRY_AFTER_S = 10;

export function createGate({ name, capacity, maxRunning = Number.POSITIVE_INFINITY }: Options): Gate {
  const waiting = new Set<{ readonly weight: number; start(): void }>();
  let used = 0;
  let running = 0;

  /** Starts the callers at the head of the queue that fit. */
  function admit(): void {
    for (const entry of waiting) {
      if (running >= maxRunning || used + entry.weight > capacity) return;
      waiting.delete(entry);
      used += entry.weight;
      running++;
      entry.start();
    }
  }

  function wait(weight: number, { maxWaiting, maxWaitMs, retryAfter = RETRY_AFTER_S }: Patience): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const rejectBusy = (reason: string) =>
      reject(new AppError("DEPENDENCY_UNAVAILABLE", `Too many ${name}: ${reason}`, { isBusy: true, retryAfter }));
    const entry = {
      weight,
      start() {
        clearTimeout(timer);
        resolve();
      },
    };
    const timer = setTimeout(() => {
      waiting.delete(entry);
      rejectBusy(`none ended in time for this one, which waited ${maxWaitMs} ms`);
      // Callers behind a heavy one may fit now.
      admit();
    }, maxWaitMs);
    const ahead = waiting.size;
    waiting.add(entry);
    admit();
    if (waiting.has(entry) && ahead >= maxWaiting) {
      waiting.delete(entry);
      clearTimeout(timer);
      rejectBusy(`${ahead} wait already`);
    }
    return promise;
  }

  return {
    async run(weight, patience, work, { isAlone = false } = {}) {
      const held = isAlone ? capacity : Math.min(weight, capacity);
      await wait(held, patience);
      try {
        return await work();
      } finally {
        used -= held;
        running--;
        admit();
      }
    },
  };
}
