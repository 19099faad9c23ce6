// What the steps of a deployment reach the world through: programs, HTTP, time and the terminal.
import { type Az, createAz, type Run, run } from "./command.ts";

export type World = {
  readonly run: Run;
  readonly az: Az;
  readonly fetch: typeof fetch;
  readonly clock: { now(): number; sleep(milliseconds: number): Promise<void> };
  readonly say: (line: string) => void;
};

export const world: World = {
  run,
  az: createAz(run),
  fetch,
  clock: { now: Date.now, sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) },
  say: (line) => process.stdout.write(`${line}\n`),
};

export const MINUTE = 60_000;

/**
 * Tries again while the fault is one that passes.
 * @param options.for milliseconds from the first attempt, after which the fault is thrown
 * @throws what the last attempt threw
 */
export async function retry<T>(
  { clock, say }: Pick<World, "clock" | "say">,
  attempt: () => Promise<T>,
  options: { readonly for: number; readonly every: number; readonly passes: (fault: unknown) => string | undefined },
): Promise<T> {
  const end = clock.now() + options.for;
  for (;;)
    try {
      return await attempt();
    } catch (fault) {
      const why = options.passes(fault);
      if (why === undefined || clock.now() + options.every > end) throw fault;
      say(`${why}; again in ${options.every / 1000} s.`);
      await clock.sleep(options.every);
    }
}

/** A role that was just given is known everywhere within ten minutes, Azure says. */
export const ROLES_SPREAD = 10 * MINUTE;

/** The reason to wait when somebody was refused who has, or is about to have, the right. */
export function refusedForNow(fault: unknown): string | undefined {
  const words =
    /\b403\b|forbidden|not authorized|not have (?:the )?(?:required|authorization)|AuthorizationFailed|AuthorizationPermissionMismatch/i;
  return words.test(String(fault)) ? "Refused, as long as the roles are not known everywhere" : undefined;
}
