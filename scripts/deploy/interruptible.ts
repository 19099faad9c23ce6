// A context whose programs and waits can be ended: those of this moment, after Ctrl-C, or all, when the lock is lost.
import { createAz } from "./command.ts";
import type { DeployContext } from "./deploy-context.ts";

export type Interruptible = {
  readonly context: DeployContext;
  /** Ends the programs and waits of this moment: they throw the error. What starts later runs, such as a rollback. */
  interrupt(reason: Error): void;
  /** As `interrupt`, and from now on nothing starts any more: everything throws the error. */
  stop(reason: Error): void;
};

/** Contexts can be nested: the inner one passes its signal to the outer one. */
const anyOf = (signal: AbortSignal, other?: AbortSignal) => (other ? AbortSignal.any([signal, other]) : signal);

export function interruptible(outer: DeployContext): Interruptible {
  let current = new AbortController();
  let isStopped = false;

  /** Throws the reason rather than the exit code of a program that was ended. */
  async function guard<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = current;
    signal.throwIfAborted();
    try {
      return await work(signal);
    } finally {
      signal.throwIfAborted();
    }
  }
  const run: DeployContext["run"] = (command, args, options) =>
    guard((signal) => outer.run(command, args, { ...options, signal: anyOf(signal, options?.signal) }));
  const interrupt = (reason: Error) => {
    if (isStopped) return;
    const ended = current;
    current = new AbortController();
    ended.abort(reason);
  };
  return {
    context: {
      ...outer,
      run,
      az: createAz(run),
      fetch: (input, init) => guard(() => outer.fetch(input, init)),
      clock: {
        now: outer.clock.now,
        sleep: (milliseconds, other) => guard((signal) => outer.clock.sleep(milliseconds, anyOf(signal, other))),
      },
    },
    interrupt,
    stop(reason) {
      if (isStopped) return;
      isStopped = true;
      current.abort(reason);
    },
  };
}

/** After the first Ctrl-C, which ends the waits of its moment. */
const PAUSE_AGAIN_MS = 5_000;

/**
 * A wait of work in the background, which an interruption does not end.
 * @returns false once the signal aborts or nothing may start any more: then every further wait would end at once
 */
export function pause(
  { clock }: Pick<DeployContext, "clock">,
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  return clock
    .sleep(milliseconds, signal)
    .catch(() => clock.sleep(PAUSE_AGAIN_MS, signal))
    .then(
      () => !signal.aborted,
      () => false,
    );
}
