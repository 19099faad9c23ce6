// Ctrl-C, a closed terminal, and a workflow that is cancelled: the first signal ends what runs, the second also what would follow.
import type { DeployContext } from "./deploy-context.ts";
import { interruptible } from "./interruptible.ts";

/**
 * npm sends a signal of the terminal to its script again, a few milliseconds after the terminal itself (signal-manager.js in
 * npm's run-script; where `sh` replaces itself by its last command, as bash does). No person presses Ctrl-C twice in this time.
 */
const SAME_SIGNAL_MS = 1000;

/** What a program or wait throws that a signal ended. */
export class InterruptedError extends Error {
  override name = "InterruptedError";
}

/**
 * Call it once in a process. Without it a signal would end this process alone: programs run in groups of their own, so
 * Terraform would go on, and die without saving its state when it next writes to this process. After the first signal the
 * step fails like any other, which can begin a rollback. GitHub sends SIGINT, SIGTERM 7.5 s later, and kills after 2.5 s
 * more (`ProcessInvoker` in actions/runner): enough for Terraform to write its state and release its lock, too short for a
 * rollback. SIGHUP is of a terminal that was closed, or an SSH connection that was lost.
 */
export function interruptedBySignals(
  outer: DeployContext,
  process: Pick<NodeJS.Process, "on" | "stdout" | "stderr"> = globalThis.process,
): DeployContext {
  const { context, interrupt, stop } = interruptible(outer);
  let firstAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      const now = outer.clock.now();
      const isFirst = firstAt === undefined;
      firstAt ??= now;
      if (!isFirst && now < firstAt + SAME_SIGNAL_MS) return;
      const end = isFirst ? interrupt : stop;
      end(new InterruptedError(`Interrupted by ${signal}.`));
    });
  // The reader can end first: a closed terminal, and in `npm run deploy | tee log` the second program at Ctrl-C. Other scripts
  // end with it (command-line.ts). A deployment would leave Terraform behind, which ends at its next line without a state.
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners("error").on("error", () => undefined);
  return context;
}
