// Repeats calls of an account table until one of them decides, within a bounded time.
import { setTimeout as wait } from "node:timers/promises";
import { isFinalSdkError, retryAfterOfSdkError, statusOfSdkError } from "../lib/azure/sdk-errors.ts";
import { AppError } from "../lib/errors.ts";

/**
 * Repeats a call until it returns a value, since calls fail, conditional writes lose races, and reads are stale. "again"
 * from the call, or a rejection that a repetition can change, means that it starts over from a new read.
 * @throws {AppError} the call's own; DEPENDENCY_UNAVAILABLE when no attempt decides
 */
export type Settle = <T>(attempt: () => Promise<T | "again">) => Promise<T>;

/** For tests in virtual time. */
export type Timing = {
  /** @default the timer of Node.js */
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Monotonic milliseconds. @default performance.now */
  readonly elapsed?: () => number;
};

/** No further attempt starts later than this after the first. A client waits four seconds and then sends again. */
const PATIENCE_MS = 6_000;
const ATTEMPTS = 16;
/** More would add to the load of a table that rejects it. */
const THROTTLED_ATTEMPTS = 3;
const MAX_WAIT_MS = 500;
const RETRY_AFTER_S = 2;

/** @param name for the log */
export function createSettle(name: string, { sleep = wait, elapsed = () => performance.now() }: Timing = {}): Settle {
  return async (attempt) => {
    const startedAt = elapsed();
    let cause: unknown = new Error("Other writers changed the row, or reads were stale, during all attempts");
    let retryAfter: number | undefined;
    let throttled = 0;
    for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
      try {
        const result = await attempt();
        if (result !== "again") return result;
      } catch (thrown) {
        if (thrown instanceof AppError) throw thrown;
        cause = thrown;
        retryAfter = retryAfterOfSdkError(thrown);
        if (statusOfSdkError(thrown) === 429) throttled += 1;
        if (isFinalSdkError(thrown) || throttled >= THROTTLED_ATTEMPTS) break;
      }
      const backoffMs = (0.5 + Math.random() / 2) * Math.min(MAX_WAIT_MS, 10 * 2 ** attempts);
      const waitMs = Math.max(backoffMs, (retryAfter ?? 0) * 1000);
      if (elapsed() - startedAt + waitMs >= PATIENCE_MS) break;
      await sleep(waitMs);
    }
    const options = { cause, retryAfter: Math.max(RETRY_AFTER_S, Math.ceil(retryAfter ?? 0)) };
    throw new AppError("DEPENDENCY_UNAVAILABLE", `The ${name} table failed`, options);
  };
}
