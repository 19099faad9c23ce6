// Signals of a terminal and of GitHub, in virtual time, and one with real processes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { deployContext } from "./deploy-context.ts";
import { interruptedBySignals } from "./interrupted-by-signals.ts";

/** A process that receives signals, and a context whose calls are listed. */
function createProcess() {
  let now = 0;
  const signals = Object.assign(new PassThrough(), { stdout: new PassThrough(), stderr: new PassThrough() });
  const context = interruptedBySignals(
    {
      ...deployContext,
      clock: { ...deployContext.clock, now: () => now },
      run: async () => ({ code: 0, stdout: "", stderr: "" }),
    },
    signals as unknown as NodeJS.Process,
  );
  const receive = (signal: string, atMs: number) => {
    now = atMs;
    signals.emit(signal);
  };
  const rollBack = () =>
    context.run("az", []).then(
      () => "runs",
      (error: Error) => error.message,
    );
  return { receive, rollBack };
}

it.each([
  ["the copy of Ctrl-C that npm sends", ["SIGINT", 0], ["SIGINT", 10], "runs"],
  ["a second Ctrl-C", ["SIGINT", 0], ["SIGINT", 2000], "Interrupted by SIGINT."],
  ["the SIGTERM of a cancelled workflow", ["SIGINT", 0], ["SIGTERM", 7500], "Interrupted by SIGTERM."],
  ["the SIGHUP of a terminal that is closed after Ctrl-C", ["SIGINT", 0], ["SIGHUP", 60_000], "Interrupted by SIGHUP."],
] as const)("interruptedBySignals decides about a rollback after %s", async (_, first, second, expected) => {
  const { receive, rollBack } = createProcess();
  receive(first[0], first[1]);
  receive(second[0], second[1]);
  expect(await rollBack()).toBe(expected);
});

/** A deployment whose Terraform ends one line after SIGINT, when it has saved its state. */
const DEPLOYMENT = `
  import { readCommandLine } from "./scripts/command-line.ts";
  import { deployContext } from "./scripts/deploy/deploy-context.ts";
  import { interruptedBySignals } from "./scripts/deploy/interrupted-by-signals.ts";
  readCommandLine({ name: "deploy", about: "Deploys.", flags: {} });
  const { run } = interruptedBySignals(deployContext);
  const terraform = 'sleep 600 & trap "echo saved >&2; kill $!; exit 3" INT; echo ready; wait';
  try {
    await run("sh", ["-c", terraform], { show: true, graceMs: 60_000 });
  } catch ({ message }) {
    process.stdout.write("A line for a terminal that is closed.\\n");
    process.stderr.write(message);
    process.exitCode = 1;
  }
`;

it.each(["SIGHUP", "SIGINT"] as const)(
  "interruptedBySignals ends Terraform on %s, also when no one reads its lines",
  async (signal) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", DEPLOYMENT], {
      cwd: join(import.meta.dirname, "..", ".."),
    });
    const errors = text(child.stderr);
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    child.kill(signal);
    expect(await ended).toEqual([1, null]);
    expect(await errors).toMatch(new RegExp(`saved[^]*Interrupted by ${signal}`));
  },
  60_000,
);
