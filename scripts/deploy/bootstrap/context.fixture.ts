// The context of bootstrap in a test: simulated programs, a clock that does not wait, and a file of choices.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { DEFAULT_TIMEOUT_MS, type Run } from "../command.ts";
import { runGh } from "./github.fixture.ts";
import type { BootstrapContext } from "./order.ts";
import { type Programs, runAzure } from "./programs.fixture.ts";

/** Starts the simulated programs. One that is missing cannot be started, as run() of command.ts reports it. */
function simulatedRun(programs: Programs): Run {
  const start = startProgram(programs);
  return async (command, args, options = {}) => {
    const line = [command, ...args].join(" ");
    const isAt = (beginning: string | undefined) => beginning !== undefined && line.startsWith(beginning);
    const fail = (stderr: string) => ({ code: 1, stdout: "", stderr });
    if (isAt(programs.hangs))
      return fail(`Ended, as it had not finished after ${(options.timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000} s.\n`);
    const result = await start(command, args, options);
    if (isAt(programs.failsAfterwards)) return fail("The connection was lost.\n");
    return isAt(programs.isSilent) ? { ...result, stdout: "" } : result;
  };
}

function startProgram(programs: Programs): Run {
  return async (command, args, { input } = {}) => {
    if ((programs.missing as string[]).includes(command))
      throw new Error(`${command} could not be started`, { cause: Object.assign(new Error(), { code: "ENOENT" }) });
    if (args.at(-1) === "--help") {
      const isKnown = !(programs.old as string[]).includes(command);
      return { code: isKnown ? 0 : 2, stdout: "", stderr: isKnown ? "" : `unknown command "${args[0]}"` };
    }
    if (command === "az") return runAzure(programs, args);
    if (command === "gh") return runGh(programs.github, args, input);
    return programs.remote === undefined
      ? { code: 2, stdout: "", stderr: "error: No such remote 'origin'" }
      : { code: 0, stdout: `${programs.remote}\n`, stderr: "" };
  };
}

/** A context with the simulated programs, the lines that it logs, and a file of choices in a new folder. */
export function simulatedContext(programs: Programs): { context: BootstrapContext; lines: string[]; file: string } {
  const lines: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), "vitae-choices-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "choices.json");
  let now = Date.parse("2026-11-22T10:00:00Z");
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const log = (line: string) => void lines.push(line);
  return {
    context: { run: simulatedRun(programs), clock, log, file, lockFile: join(folder, "lock.hcl") },
    lines,
    file,
  };
}

export const answers = {
  repository: "ada/vitae",
  region: undefined,
  origin: "https://ada.dev",
  "owner-email": "ada@ada.dev",
  reviewer: undefined,
};
