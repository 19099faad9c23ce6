// Checks everything the app depends on, rarely enough that nobody can run up a bill by asking.
import type { CheckDependencies } from "./health.ts";

const FRESH_MS = 5_000;

/** Runs the checks together; callers within five seconds share one outcome. */
export function createDependencyChecks(
  checks: readonly (() => Promise<unknown>)[],
  elapsed: () => number = () => performance.now(),
): CheckDependencies {
  let last: { at: number; outcome: Promise<void> } | undefined;
  return () => {
    if (!last || elapsed() - last.at >= FRESH_MS) {
      const outcome = Promise.all(checks.map(async (check) => check())).then(() => undefined);
      last = { at: elapsed(), outcome };
    }
    return last.outcome;
  };
}
