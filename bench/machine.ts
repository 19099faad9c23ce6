// Measures the machine itself before and after a bench: figures count only when nothing else used it.
import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { number, percent, printLine } from "./print.ts";
import { median, percentile, sum } from "./statistics.ts";

export type MachineState = {
  /** Share of all cores that other programs use while this one waits. */
  readonly busyShare: number;
  /** Median milliseconds of a bare loop. */
  readonly loopMs: number;
  /** The slowest loop in twenty, as a multiple of the median. */
  readonly jitter: number;
  /** Two loops at once on two threads, as a multiple of one alone. */
  readonly twoAtOnce: number;
  readonly isQuiet: boolean;
};

const IDLE_MS = 1_500;
const LOOPS = 40;
const LIMITS = { busyShare: 0.05, jitter: 1.3, twoAtOnce: 1.25 } as const;

/** About ten milliseconds of arithmetic that the compiler cannot remove. */
const LOOP = `function loop() {
  let x = 1;
  for (let i = 0; i < 2e6; i++) x = Math.imul(x ^ (x >>> 13), 0x5bd1e995) + i;
  return x;
}
function loops(count) {
  const times = [];
  for (let i = 0; i < count; i++) { const began = performance.now(); loop(); times.push(performance.now() - began); }
  return times;
}
const { parentPort, workerData } = require("node:worker_threads");
loops(5);
parentPort.postMessage(loops(workerData));`;

/** @returns milliseconds of each loop, on a thread of its own */
function runLoops(): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(LOOP, { eval: true, workerData: LOOPS });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function coreTimes(): { busy: number; all: number } {
  const times = cpus().map((core) => core.times);
  const all = sum(times.flatMap((core) => Object.values(core)));
  return { busy: all - sum(times.map(({ idle }) => idle)), all };
}

export async function measureMachine(): Promise<MachineState> {
  const before = coreTimes();
  await pause(IDLE_MS);
  const after = coreTimes();
  const busyShare = (after.busy - before.busy) / (after.all - before.all);
  const alone = await runLoops();
  const together = await Promise.all([runLoops(), runLoops()]);
  const loopMs = median(alone);
  const jitter = percentile(alone, 0.95) / loopMs;
  const twoAtOnce = Math.max(...together.map(median)) / loopMs;
  const isQuiet = busyShare <= LIMITS.busyShare && jitter <= LIMITS.jitter && twoAtOnce <= LIMITS.twoAtOnce;
  return { busyShare, loopMs, jitter, twoAtOnce, isQuiet };
}

export function printMachine({ busyShare, loopMs, jitter, twoAtOnce, isQuiet }: MachineState): void {
  printLine(
    `${isQuiet ? "The machine is quiet" : "TOO NOISY TO COUNT"}: others use ${percent(busyShare)} of the cores ` +
      `(limit ${percent(LIMITS.busyShare)}); a bare loop takes ${number(loopMs, 1)} ms, its 95th percentile ` +
      `x ${number(jitter, 2)} (limit ${LIMITS.jitter}), two at once x ${number(twoAtOnce, 2)} (limit ${LIMITS.twoAtOnce}).`,
  );
}
