// Keeps the app running: starts its process again when it dies, later each time, and stops trying when it never gets up.
import type { Invocation, Outcome } from "./messages.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker.ts";

/** Deaths in a row, each within the time that counts as getting up, after which the host gives up. */
const MAX_DEATHS = 6;
const UP_AFTER_MS = 1000;
const FIRST_PAUSE_MS = 50;

export type App = {
  readonly functions: Worker["functions"];
  /** The process that runs now; undefined between two. */
  worker(): Worker | undefined;
  /** Runs a function that no HTTP request is waiting for; its failure is logged. */
  run(invocation: Invocation): Promise<Outcome>;
  reportFailure(invocation: Pick<Invocation, "functionName">, outcome: Outcome): void;
  stop(milliseconds: number): Promise<void>;
};

/** @throws {Error} with the app's own message when it does not load the first time */
export async function startApp(options: WorkerOptions): Promise<App> {
  const { log } = options;
  let deaths = 0;
  let stopping = false;
  let pause: NodeJS.Timeout | undefined;
  let current: Worker | undefined;

  function watch(worker: Worker): void {
    const since = performance.now();
    current = worker;
    void worker.ended.then((how) => {
      current = undefined;
      if (stopping) return;
      if (performance.now() - since > UP_AFTER_MS) deaths = 0;
      again(`The app's process ended (${how}).`);
    });
  }

  function again(reason: string): void {
    deaths += 1;
    if (deaths >= MAX_DEATHS) {
      log(`${reason} It ended ${deaths} times in a row and is not started again: mend the app and restart.`);
      return;
    }
    const wait = FIRST_PAUSE_MS * 2 ** (deaths - 1);
    log(`${reason} Starting it again in ${wait} ms.`);
    pause = setTimeout(() => {
      startWorker(options).then(
        (worker) => (stopping ? worker.stop(0) : watch(worker)),
        (error: Error) => stopping || again(error.message),
      );
    }, wait);
  }

  const first = await startWorker(options);
  watch(first);

  function reportFailure({ functionName }: Pick<Invocation, "functionName">, { id, failure = "" }: Outcome): void {
    log(`Function ${functionName} failed (invocation ${id}):`);
    for (const line of failure.split("\n")) log(line);
  }

  return {
    functions: first.functions,
    worker: () => current,
    reportFailure,
    async run(invocation) {
      const failure = "The app's process is being started again.";
      const outcome = (await current?.invoke(invocation)) ?? { id: invocation.id, hasResponse: false, failure };
      if (outcome.failure !== undefined) reportFailure(invocation, outcome);
      return outcome;
    },
    async stop(milliseconds) {
      stopping = true;
      clearTimeout(pause);
      await current?.stop(milliseconds);
    },
  };
}
