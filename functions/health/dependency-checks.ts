// Asks everything the app depends on at once, briefly, and rarely enough that nobody can load the stores by asking.
import { consoleLog, type Log } from "../lib/log.ts";
import type { CheckDependencies, DependencyName } from "./health.ts";

const FRESH_MS = 5_000;
const LIMIT_MS = 2_000;

/** Asks one dependency something cheap. Rejects when it fails; `signal` ends the call when its time is over. */
export type Check = (signal: AbortSignal) => Promise<unknown>;

/** What is asked of a dependency, and what of that came out. */
type Outcome = { readonly status: "up" | "down"; readonly latencyMs: number };

type Options = {
  readonly limitMs?: number;
  /** Milliseconds since any instant. */
  readonly elapsed?: () => number;
  readonly log?: Log;
};

/** Rejects when the signal says so: not every SDK listens to it at every step, least of all while it gets a token. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Runs the checks together, each for two seconds at most; callers within five seconds share one outcome. */
export function createDependencyChecks(
  checks: Readonly<Record<DependencyName, Check>>,
  { limitMs = LIMIT_MS, elapsed = () => performance.now(), log = consoleLog }: Options = {},
): CheckDependencies {
  async function ask([name, check]: [string, Check]): Promise<[string, Outcome]> {
    const began = elapsed();
    const latencyMs = () => Math.round((elapsed() - began) * 10) / 10;
    const signal = AbortSignal.timeout(limitMs);
    try {
      await Promise.race([check(signal), ended(signal)]);
      return [name, { status: "up", latencyMs: latencyMs() }];
    } catch (error) {
      const outcome: Outcome = { status: "down", latencyMs: latencyMs() };
      log.warn("dependency-down", { dependency: name, latency_ms: outcome.latencyMs, error });
      return [name, outcome];
    }
  }

  let last: { at: number; outcomes: ReturnType<CheckDependencies> } | undefined;
  return () => {
    if (!last || elapsed() - last.at >= FRESH_MS) {
      const asked = Promise.all(Object.entries(checks).map(ask));
      const outcomes = asked.then((found) => Object.fromEntries(found) as Record<DependencyName, Outcome>);
      last = { at: elapsed(), outcomes };
    }
    return last.outcomes;
  };
}
