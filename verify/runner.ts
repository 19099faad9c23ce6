// Runs checks one after the other and says how each went. Pure: time and tokens come from outside.
import { type Check, Fault, type FaultParts, type Given, type Run } from "./check.ts";

export type Result = {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "not run";
  readonly milliseconds: number;
  /** What was seen, what was wrong, or what was missing; one line. */
  readonly detail: string;
  /** Of a check that failed because of the deployment. */
  readonly fault?: FaultParts;
};

export type RunnerOptions = {
  readonly checks: readonly Check[];
  readonly run: Run;
  readonly given: Given;
  /** Milliseconds of any clock that only goes forward. */
  readonly now: () => number;
  /** Told each result as it comes. */
  readonly onResult?: (result: Result) => void;
};

/** A check that fails does not keep the next from running. */
export async function runChecks({ checks, run, given, now, onResult = () => {} }: RunnerOptions): Promise<Result[]> {
  /** What must never be shown, whoever put it into a message. */
  const hide = (text: string) => (given.token ? text.replaceAll(given.token, "(the token)") : text);
  const results: Result[] = [];
  for (const { name, needs, run: runCheck } of checks) {
    const missing = needs.filter((need) => given[need] === undefined);
    const began = now();
    const result =
      missing.length > 0
        ? { outcome: "not run" as const, detail: `no ${missing.map((need) => `--${need}`).join(", ")}` }
        : await runCheck(run, given).then(
            (seen) => ({ outcome: "passed" as const, detail: hide(seen) }),
            (thrown: unknown) => failed(thrown, hide),
          );
    results.push({ name, milliseconds: Math.round(now() - began), ...result });
    onResult(results[results.length - 1] as Result);
  }
  return results;
}

function failed(thrown: unknown, hide: (text: string) => string) {
  if (!(thrown instanceof Fault)) return { outcome: "failed" as const, detail: hide(String(thrown)) };
  const { expected, received, look } = thrown.parts;
  const fault = { expected: hide(expected), received: hide(received), look: hide(look) };
  return { outcome: "failed" as const, detail: hide(thrown.message), fault };
}
