// Checks all dependencies in parallel, with a timeout and a cache, so that health requests cannot load the stores.
import { consoleLog, type Log } from "../lib/log.ts";
import type { CheckDependencies, DependencyName } from "./health.ts";

const CACHE_MAX_AGE_MS = 5_000;
const TIMEOUT_MS = 2_000;

/** Makes one cheap call. Rejects when the dependency fails; `signal` aborts the call after the timeout. */
export type Check = (signal: AbortSignal) => Promise<unknown>;

type CheckResult = { readonly status: "up" | "down"; readonly latencyMs: number };

type Options = {
  readonly timeoutMs?: number;
  /** Milliseconds since any instant. */
  readonly now?: () => number;
  readonly log?: Log;
};

/** Rejects when the signal aborts: not every SDK observes it at every step, for example while it gets a token. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

export function createDependencyChecks(
  checks: Readonly<Record<DependencyName, Check>>,
  { timeoutMs = TIMEOUT_MS, now = () => performance.now(), log = consoleLog }: Options = {},
): CheckDependencies {
  async function run([name, check]: [string, Check]): Promise<[string, CheckResult]> {
    const startedAt = now();
    const latencyMs = () => Math.round((now() - startedAt) * 10) / 10;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await Promise.race([check(signal), rejectOnAbort(signal)]);
      return [name, { status: "up", latencyMs: latencyMs() }];
    } catch (error) {
      const result: CheckResult = { status: "down", latencyMs: latencyMs() };
      log.warn("dependency-down", { dependency: name, latency_ms: result.latencyMs, error });
      return [name, result];
    }
  }

  async function runAll() {
    return Object.fromEntries(await Promise.all(Object.entries(checks).map(run))) as Record<
      DependencyName,
      CheckResult
    >;
  }

  let cache: { startedAt: number; results: ReturnType<CheckDependencies> } | undefined;
  return () => {
    if (!cache || now() - cache.startedAt >= CACHE_MAX_AGE_MS) cache = { startedAt: now(), results: runAll() };
    return cache.results;
  };
}
