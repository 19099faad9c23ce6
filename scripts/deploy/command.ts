// Runs other programs such as az and terraform. An error names the command, its exit code and its output.
import { type ChildProcess, spawn } from "node:child_process";
import { redact } from "./redact.ts";

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type RunOptions = {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Prints the program's lines as they come, redacted. */
  readonly show?: boolean;
  /** Milliseconds after which the program is ended, and fails. @default DEFAULT_TIMEOUT_MS */
  readonly timeoutMs?: number;
  /** Milliseconds that an ended program has to finish by itself after SIGINT, before SIGKILL. @default 0 */
  readonly graceMs?: number;
  /** Ends the program when it aborts. */
  readonly signal?: AbortSignal;
};
/** No program runs for longer than this unless its caller names a limit. */
export const DEFAULT_TIMEOUT_MS = 5 * 60_000;
/** Resolves whatever the exit code is; rejects only when the program cannot be started. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<CommandResult>;
/** Calls the Azure CLI and returns its JSON output, parsed. Throws CommandError. */
export type Az = (...args: string[]) => Promise<unknown>;

/** Characters of an error's first line. */
const MAX_CAUSE = 300;

export class CommandError extends Error {
  override name = "CommandError";
  readonly result: CommandResult;

  constructor(command: string, args: readonly string[], result: CommandResult) {
    const output = redact(result.stderr.trim() || result.stdout.trim() || "(no output)");
    // Slack, and GitHub's list of errors, show the first line of a message only. Terraform writes "Error:", az "ERROR:".
    const cause = (/^Ended[,:].*$/m.exec(output) ?? /^error: .*$/im.exec(output))?.[0].slice(0, MAX_CAUSE);
    const exit = `exit code ${result.code}${cause ? ` (${cause})` : ""}`;
    super(`${redact([command, ...args].join(" "))} failed with ${exit}:\n${output}`);
    this.result = result;
  }
}

/** Collects output, and prints whole lines only: a secret cut in two would not be redacted. */
function collectOutput(show: boolean, write: (text: string) => void) {
  let rest = "";
  let all = "";
  return {
    append(chunk: string) {
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

/** SIGKILL for a program and those that it started: az is a script, and the Python that it starts would go on. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
  // A process that left the group could hold them open.
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** Ends the program after its limit or when the signal aborts. @returns a function that ends the limit */
function limitProgram(
  child: ChildProcess,
  { timeoutMs, graceMs, signal }: { timeoutMs: number; graceMs: number; signal: AbortSignal | undefined },
  report: (reason: string) => void,
): () => void {
  let killTimer: NodeJS.Timeout | undefined;
  const end = (reason: string) => {
    if (killTimer) return;
    report(reason);
    // Not to the group: Terraform stops its providers itself, and would lose what they are creating.
    child.kill("SIGINT");
    killTimer = setTimeout(() => killGroup(child), graceMs);
  };
  const onAbort = () => end(`Ended: ${signal?.reason instanceof Error ? signal.reason.message : "interrupted."}\n`);
  const timer = setTimeout(() => end(`Ended, as it had not finished after ${timeoutMs / 1000} s.\n`), timeoutMs);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    clearTimeout(killTimer);
    signal?.removeEventListener("abort", onAbort);
  };
}

export const run: Run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const { env = {}, input, show = false, timeoutMs = DEFAULT_TIMEOUT_MS, graceMs = 0, signal } = options;
    // A group of its own, which can be ended as a whole.
    const child = spawn(command, args, {
      // The output of gh is parsed, and colored for a shell that forces colors (isColorForced in go-gh, pkg/term).
      env: { ...process.env, CLICOLOR_FORCE: "0", ...env },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const stdout = collectOutput(show, (text) => process.stdout.write(text));
    const stderr = collectOutput(show, (text) => process.stderr.write(text));
    child.stdout.setEncoding("utf8").on("data", stdout.append);
    child.stderr.setEncoding("utf8").on("data", stderr.append);
    let isEnded = false;
    const stopLimit = limitProgram(child, { timeoutMs, graceMs, signal }, (reason) => {
      isEnded = true;
      stderr.append(reason);
    });
    // Ignores EPIPE: a program may exit without reading its input, and its exit code decides.
    child.stdin.on("error", () => undefined).end(input);
    child.once("error", (cause) => {
      stopLimit();
      reject(new Error(`${command} could not be started: install it and add it to the PATH.`, { cause }));
    });
    child.once("close", (code) => {
      stopLimit();
      // An ended program has not done its work, whatever it reports.
      resolve({ code: isEnded ? code || 1 : (code ?? 1), stdout: stdout.end(), stderr: stderr.end() });
    });
  });

/**
 * Returns the standard output.
 * @throws {CommandError} when the exit code is not 0
 */
export async function runOrThrow(run: Run, [command, args, options]: Parameters<Run>): Promise<string> {
  const result = await run(command, args, options);
  if (result.code !== 0) throw new CommandError(command, args, result);
  return result.stdout;
}

/** @param timeoutMs of each call */
export function createAz(run: Run, timeoutMs = DEFAULT_TIMEOUT_MS): Az {
  return async (...args) => {
    // Without the group of `az config set defaults.group`: az rejects it for `role assignment list --all`, among others.
    const env = { AZURE_DEFAULTS_GROUP: "" };
    const text = await runOrThrow(run, ["az", [...args, "--output", "json", "--only-show-errors"], { timeoutMs, env }]);
    if (text.trim() === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      // Without the text and the parser's message, which quotes it: it can be a secret.
      throw new Error(`${redact(["az", ...args].join(" "))} printed ${text.length} characters that are not JSON.`);
    }
  };
}

/**
 * Returns a run whose az keeps to the subscription: `az account set` in another terminal changes it for all, and the groups
 * of Vitae have the same names in each.
 */
export const inSubscription =
  (run: Run, id: string): Run =>
  (command, args, options) =>
    run(command, command === "az" ? [...args, "--subscription", id] : args, options);
