// Runs checks one after the other, and formats their results. Pure: the clock and the token are passed in.
import type { Check, CheckContext, CheckInput } from "./check.ts";
import { CheckFailure, type FailureParts } from "./check-failure.ts";

export type Result = {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "not run";
  /** Without the time in `waited`. */
  readonly milliseconds: number;
  /** Milliseconds in which the check waited for a rate limit; absent if it did not. */
  readonly waited?: number;
  /** The summary, the failure, or the missing options, in one line. */
  readonly detail: string;
  /** Present when the deployment caused the failure. */
  readonly failure?: FailureParts;
};

export type RunnerOptions = {
  readonly checks: readonly Check[];
  readonly context: CheckContext;
  readonly input: CheckInput;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Receives each result when its check ends. */
  readonly onResult?: (result: Result) => void;
};

/** What the command line calls an input that is not an option of its own name. */
const optionNames: Partial<Record<keyof CheckInput, string>> = { account: "--email with VERIFY_PASSWORD" };

/** Runs every check, also after a failed one. No result contains the token or the password. */
export async function runChecks({ checks, context, input, now, onResult }: RunnerOptions): Promise<Result[]> {
  const hide = (text: string, secret: string | undefined, name: string) =>
    secret ? text.replaceAll(secret, `(the ${name})`) : text;
  const hideSecrets = (text: string) => hide(hide(text, input.token, "token"), input.account?.password, "password");
  const outcomeOf = async ({ needs, run }: Check): Promise<Pick<Result, "outcome" | "detail" | "failure">> => {
    const missing = needs.filter((need) => input[need] === undefined);
    if (missing.length > 0)
      return { outcome: "not run", detail: `no ${missing.map((need) => optionNames[need] ?? `--${need}`).join(", ")}` };
    try {
      return { outcome: "passed", detail: hideSecrets(await run(context, input)) };
    } catch (error) {
      if (!(error instanceof CheckFailure)) return { outcome: "failed", detail: hideSecrets(String(error)) };
      const { expected, received, look } = error.parts;
      const failure = { expected: hideSecrets(expected), received: hideSecrets(received), look: hideSecrets(look) };
      return { outcome: "failed", detail: hideSecrets(error.message), failure };
    }
  };
  const results: Result[] = [];
  for (const check of checks) {
    const [start, waitedBefore] = [now(), context.client.waited()];
    const outcome = await outcomeOf(check);
    const waited = Math.round(context.client.waited() - waitedBefore);
    const milliseconds = Math.round(now() - start) - waited;
    const result = { name: check.name, milliseconds, ...(waited > 0 && { waited }), ...outcome };
    results.push(result);
    onResult?.(result);
  }
  return results;
}

const marks: Readonly<Record<Result["outcome"], string>> = {
  passed: "ok     ",
  failed: "FAILED ",
  "not run": "not run",
};
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(2);

/** The result's line of the table. A failure has three lines: expected, received, look at. */
export function formatResult({ name, outcome, milliseconds, waited, detail, failure }: Result): string {
  const start = `${marks[outcome]} ${seconds(milliseconds).padStart(7)} s  ${name.padEnd(18)}`;
  const note = waited === undefined ? "" : ` (after ${Math.round(waited / 1000)} s of waiting for a rate limit)`;
  if (!failure) return `${start}${detail}${note}`;
  const indent = " ".repeat(start.length);
  return `${start}expected ${failure.expected}\n${indent}received ${failure.received}\n${indent}look at  ${failure.look}${note}`;
}

export function formatSummary(results: readonly Result[], traceId: string): string {
  const count = (outcome: Result["outcome"]) => results.filter((each) => each.outcome === outcome).length;
  const time = seconds(results.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  return `${count("passed")} passed, ${count("failed")} failed, ${count("not run")} not run in ${time} s; trace id ${traceId}`;
}
