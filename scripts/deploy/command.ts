// Runs other programs, as az and terraform, and says what was run and what it answered when one fails.
import { spawn } from "node:child_process";
import { redact } from "./redact.ts";

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type RunOptions = {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Shows the program's own lines as they come, without its secrets. */
  readonly show?: boolean;
};
/** Resolves also when the program fails; throws only when it cannot be started. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<Outcome>;
/** One call of the Azure CLI: its answer, parsed. Throws CommandError. */
export type Az = (...args: string[]) => Promise<unknown>;

export class CommandError extends Error {
  override name = "CommandError";
  readonly outcome: Outcome;

  constructor(command: string, args: readonly string[], outcome: Outcome) {
    const said = redact(outcome.stderr.trim() || outcome.stdout.trim() || "It said nothing.");
    super(`${redact([command, ...args].join(" "))} ended with ${outcome.code}:\n${said}`);
    this.outcome = outcome;
  }
}

/** Whole lines only, since a secret that is cut in two is not recognized. */
function showLines(show: boolean, write: (text: string) => void) {
  let rest = "";
  let all = "";
  return {
    take(chunk: string) {
      all += chunk;
      if (!show) return;
      const end = (rest + chunk).lastIndexOf("\n") + 1;
      const text = rest + chunk;
      rest = text.slice(end);
      if (end > 0) write(redact(text.slice(0, end)));
    },
    end() {
      if (rest) write(`${redact(rest)}\n`);
      return all;
    },
  };
}

export const run: Run = (command, args, { env = {}, input, show = false } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    const stdout = showLines(show, (text) => process.stdout.write(text));
    const stderr = showLines(show, (text) => process.stderr.write(text));
    child.stdout.setEncoding("utf8").on("data", stdout.take);
    child.stderr.setEncoding("utf8").on("data", stderr.take);
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => undefined).end(input);
    child.once("error", (cause) =>
      reject(new Error(`${command} could not be started: install it and put it on the PATH.`, { cause })),
    );
    child.once("close", (code) => resolve({ code: code ?? 1, stdout: stdout.end(), stderr: stderr.end() }));
  });

/** @throws {CommandError} when the program ends with anything but 0 */
export async function runOrThrow(run: Run, [command, args, options]: Parameters<Run>): Promise<string> {
  const outcome = await run(command, args, options);
  if (outcome.code !== 0) throw new CommandError(command, args, outcome);
  return outcome.stdout;
}

export function createAz(run: Run): Az {
  return async (...args) => {
    const text = await runOrThrow(run, ["az", [...args, "--output", "json", "--only-show-errors"]]);
    return text.trim() === "" ? undefined : JSON.parse(text);
  };
}
