// The effects that the steps of a deployment use: programs, HTTP, time and the terminal. Tests pass their own.
import { setTimeout } from "node:timers/promises";
import { type Az, createAz, type Run, run } from "./command.ts";

export type DeployContext = {
  readonly run: Run;
  readonly az: Az;
  readonly fetch: typeof fetch;
  /** Times in milliseconds. `sleep` rejects when the signal aborts. */
  readonly clock: { now(): number; sleep(milliseconds: number, signal?: AbortSignal): Promise<void> };
  /** Writes one line to the terminal. */
  readonly log: (line: string) => void;
};

export const deployContext: DeployContext = {
  run,
  az: createAz(run),
  fetch,
  clock: { now: Date.now, sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }) },
  log: (line) => process.stdout.write(`${line}\n`),
};
