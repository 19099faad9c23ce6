// Keeps the app running: restarts its process when it ends, after growing pauses, and gives up if it never stays up.
import type { Invocation, Outcome } from "./messages.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker.ts";

/** The host gives up after so many ends in a row, each within UP_AFTER_MS of the start. */
const MAX_ENDS = 6;
const UP_AFTER_MS = 1000;
const FIRST_PAUSE_MS = 50;

export type AppOptions = WorkerOptions & {
  /** Milliseconds; undefined for none. */
  readonly functionTimeout: number | undefined;
};

export type App = {
  readonly functions: Worker["functions"];
  /** The running process; undefined during a restart. */
  worker(): Worker | undefined;
  /** Runs a function that HTTP does not trigger, and logs its failure. */
  run(invocation: Invocation): Promise<Outcome>;
  reportFailure(invocation: Pick<Invocation, "functionName">, outcome: Outcome): void;
  stop(milliseconds: number): Promise<void>;
};

/** @throws {Error} with the app's own message when it does not load the first time */
export async function startApp({ functionTimeout, ...options }: AppOptions): Promise<App> {
  const { log } = options;
  let ends = 0;
  let stopping = false;
  let pause: NodeJS.Timeout | undefined;
  let current: Worker | undefined;

  /**
   * A function that takes too long ends the whole process, with all that it does meanwhile.
   * azure-functions-host, WebScriptHostExceptionHandler.cs, OnTimeoutExceptionAsync
   */
  async function startTimedWorker(): Promise<Worker> {
    const worker = await startWorker(options);
    if (functionTimeout === undefined) return worker;
    return {
      ...worker,
      async invoke(invocation) {
        const timer = setTimeout(() => {
          const timeout = `Function ${invocation.functionName} exceeded functionTimeout (${functionTimeout / 1000} s)`;
          log(`${timeout}, invocation ${invocation.id}. As in Azure, the app's process is ended and started again.`);
          void worker.stop(0);
        }, functionTimeout);
        try {
          return await worker.invoke(invocation);
        } finally {
          clearTimeout(timer);
        }
      },
    };
  }

  function watch(worker: Worker): void {
    const startedAt = performance.now();
    current = worker;
    void worker.ended.then((reason) => {
      current = undefined;
      if (stopping) return;
      if (performance.now() - startedAt > UP_AFTER_MS) ends = 0;
      restart(`The app's process ended (${reason}).`);
    });
  }

  function restart(reason: string): void {
    ends += 1;
    if (ends >= MAX_ENDS) {
      log(`${reason} It ended ${ends} times in a row and is not restarted. Fix the app and restart the host.`);
      return;
    }
    const wait = FIRST_PAUSE_MS * 2 ** (ends - 1);
    log(`${reason} Restarting it in ${wait} ms.`);
    pause = setTimeout(() => {
      startTimedWorker().then(
        (worker) => (stopping ? worker.stop(0) : watch(worker)),
        (error: Error) => stopping || restart(error.message),
      );
    }, wait);
  }

  const first = await startTimedWorker();
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
      const failure = "The app's process is restarting.";
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
