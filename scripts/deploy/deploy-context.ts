// The effects that the steps of a deployment use: programs, HTTP, time and the terminal. Tests pass their own.
import { type Az, createAz, type Run, run } from "./command.ts";

export type DeployContext = {
  readonly run: Run;
  readonly az: Az;
  readonly fetch: typeof fetch;
  /** Times in milliseconds. */
  readonly clock: { now(): number; sleep(milliseconds: number): Promise<void> };
  /** Writes one line to the terminal. */
  readonly log: (line: string) => void;
};

export const deployContext: DeployContext = {
  run,
  az: createAz(run),
  fetch,
  clock: { now: Date.now, sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) },
  log: (line) => process.stdout.write(`${line}\n`),
};
