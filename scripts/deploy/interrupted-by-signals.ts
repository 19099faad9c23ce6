// Ctrl-C, and a workflow that is cancelled: the first signal ends what runs, the second also what would follow.
import type { DeployContext } from "./deploy-context.ts";
import { interruptible } from "./interruptible.ts";

/**
 * Call it once in a process. Without it a signal would end this process alone: programs run in groups of their own, so
 * Terraform would go on. After the first signal the step fails like any other, which can begin a rollback. GitHub sends
 * SIGINT, SIGTERM 7.5 s later, and kills after 2.5 s more (`ProcessInvoker` in actions/runner): enough for Terraform to
 * write its state and release its lock, too short for a rollback.
 */
export function interruptedBySignals(outer: DeployContext): DeployContext {
  const { context, interrupt, stop } = interruptible(outer);
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      const end = isInterrupted ? stop : interrupt;
      isInterrupted = true;
      end(new Error(`Interrupted by ${signal}.`));
    });
  return context;
}
