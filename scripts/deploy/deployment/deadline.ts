// How long the phases of a deployment may take. When a phase is over, its programs are ended and its waits fail.
import { createAz, DEFAULT_TIMEOUT_MS, type Run } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE } from "../retry.ts";

/** Minutes. A usual deployment takes 10, the first one up to 60, as roles take up to ten to propagate, several times. */
export const phases = { deploy: 100, rollBack: 45, finish: 30 } as const;
/** Minutes beyond the end of a phase: an upload that has begun, and a Terraform that releases its lock. */
const OVERRUN = 10;

/** Minutes, from the lock on. A job with a shorter limit could be ended during its rollback. */
export const LONGEST_DEPLOYMENT = phases.deploy + Math.max(phases.rollBack, phases.finish) + OVERRUN;

/** Returns a context whose programs and waits end together with the phase that begins now. */
export function beginPhase(context: DeployContext, phase: keyof typeof phases): DeployContext {
  const { clock } = context;
  const end = clock.now() + phases[phase] * MINUTE;
  const requireTime = (neededMs: number, what: string): number => {
    const left = end - clock.now();
    if (left >= neededMs) return left;
    throw new Error(`The phase "${phase}" has used its ${phases[phase]} minutes, so this did not begin: ${what}.`);
  };
  const run: Run = async (command, args, options = {}) => {
    const left = requireTime(1, command);
    return context.run(command, args, {
      ...options,
      timeoutMs: Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, left),
    });
  };
  return {
    ...context,
    run,
    az: createAz(run),
    clock: {
      now: clock.now,
      async sleep(milliseconds, signal) {
        requireTime(milliseconds, `a wait of ${milliseconds / 1000} s`);
        await clock.sleep(milliseconds, signal);
      },
    },
  };
}
