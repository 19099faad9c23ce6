// Load from this process: several clients repeat an operation, as fast as it completes or evenly at a given rate.
import { setTimeout as pause } from "node:timers/promises";
import { median, percentile, sum } from "./statistics.ts";

export type LoadOptions = {
  /** No operation starts after this many milliseconds; those under way are awaited. */
  readonly ms?: number | undefined;
  /** Operations of all clients together. */
  readonly count?: number | undefined;
  /** Operations a second of all clients together; without it each client starts the next one at once. */
  readonly rate?: number | undefined;
};

export type LoadResult = {
  /** Successful operations a second; those that end after `ms` do not count. */
  readonly perSecond: number;
  /** Milliseconds of the successful operations. At a given rate, from when the operation was due. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Successful operations of each client within `ms`. */
  readonly perClient: readonly number[];
};

/** @param operations one of each client; an operation that fails rejects */
export async function generateLoad(
  operations: readonly (() => Promise<unknown>)[],
  { ms = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY, rate }: LoadOptions,
): Promise<LoadResult> {
  const latencies: number[] = [];
  let started = 0;
  let failed = 0;
  const began = performance.now();
  const until = began + ms;

  function nextDue(): number | undefined {
    const due = rate === undefined ? performance.now() : began + (started * 1_000) / rate;
    if (started >= count || due >= until) return undefined;
    started++;
    return due;
  }

  async function runClient(operate: () => Promise<unknown>): Promise<number> {
    let inTime = 0;
    for (let due = nextDue(); due !== undefined; due = nextDue()) {
      const early = due - performance.now();
      if (early > 0) await pause(early);
      try {
        await operate();
        const ended = performance.now();
        latencies.push(ended - due);
        if (ended <= until) inTime++;
      } catch {
        failed++;
      }
    }
    return inTime;
  }

  const perClient = await Promise.all(operations.map(runClient));
  const seconds = (Math.min(performance.now(), until) - began) / 1_000;
  return {
    perSecond: sum(perClient) / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: percentile(latencies, 1),
    succeeded: latencies.length,
    failed,
    perClient,
  };
}

/** Every other round runs backwards, so that no case always runs on the warmer machine. */
export async function alternateRounds<Case, Result>(
  cases: readonly Case[],
  rounds: number,
  run: (value: Case) => Promise<Result>,
): Promise<Map<Case, Result[]>> {
  const results = new Map<Case, Result[]>(cases.map((value) => [value, []]));
  for (let round = 0; round < rounds; round++)
    for (const value of round % 2 === 0 ? cases : cases.toReversed()) results.get(value)?.push(await run(value));
  return results;
}

/** Medians of the rounds. The maximum is that of all rounds, and the operations are summed. */
export function summarizeRounds(rounds: readonly LoadResult[]): Omit<LoadResult, "perClient"> {
  const all = (name: Exclude<keyof LoadResult, "perClient">) => rounds.map((round) => round[name]);
  return {
    perSecond: median(all("perSecond")),
    p50: median(all("p50")),
    p99: median(all("p99")),
    max: Math.max(...all("max")),
    succeeded: sum(all("succeeded")),
    failed: sum(all("failed")),
  };
}
