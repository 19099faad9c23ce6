// Runs other programs such as az and terraform. An error names the command, its exit code and its output.
import { spawn } from "node:child_process";
import { redact } from "./redact.ts";

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type RunOptions = {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Prints the program's lines as they come, redacted. */
  readonly show?: boolean;
  /** Milliseconds after which the program and what it started are ended, and it fails. @default none */
  readonly timeoutMs?: number;
};
/** Resolves whatever the exit code is; rejects only when the program cannot be started. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<CommandResult>;
/** Calls the Azure CLI and returns its JSON output, parsed. Throws CommandError. */
export type Az = (...args: string[]) => Promise<unknown>;

export class CommandError extends Error {
  override name = "CommandError";
  readonly result: CommandResult;

  constructor(command: string, args: readonly string[], result: CommandResult) {
    const output = redact(result.stderr.trim() || result.stdout.trim() || "(no output)");
    super(`${redact([command, ...args].join(" "))} failed with exit code ${result.code}:\n${output}`);
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

/** Ends a program and those that it started. @param pid of the leader of a group; undefined when it did not start */
function endGroup(pid: number | undefined, report: (text: string) => void, timeoutMs: number): void {
  if (pid === undefined) return;
  report(`Ended, as it had not finished after ${timeoutMs / 1000} s.\n`);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

export const run: Run = (command, args, { env = {}, input, show = false, timeoutMs } = {}) =>
  new Promise((resolve, reject) => {
    // A group of its own: az is a script that starts Python, which would keep the output open after the script was ended.
    const detached = timeoutMs !== undefined;
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"], detached });
    const stdout = collectOutput(show, (text) => process.stdout.write(text));
    const stderr = collectOutput(show, (text) => process.stderr.write(text));
    child.stdout.setEncoding("utf8").on("data", stdout.append);
    child.stderr.setEncoding("utf8").on("data", stderr.append);
    const timer = detached ? setTimeout(() => endGroup(child.pid, stderr.append, timeoutMs), timeoutMs) : undefined;
    // Ignores EPIPE: a program may exit without reading its input, and its exit code decides.
    child.stdin.on("error", () => undefined).end(input);
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(new Error(`${command} could not be started: install it and add it to the PATH.`, { cause }));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, stdout: stdout.end(), stderr: stderr.end() });
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

/** @param timeoutMs of each call, which can otherwise wait for ever */
export function createAz(run: Run, timeoutMs?: number): Az {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  return async (...args) => {
    const text = await runOrThrow(run, ["az", [...args, "--output", "json", "--only-show-errors"], options]);
    return text.trim() === "" ? undefined : JSON.parse(text);
  };
}
