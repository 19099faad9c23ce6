// How run ends programs, with real processes and virtual timers.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setInterval as every } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CommandError, createAz, DEFAULT_TIMEOUT_MS, type RunOptions, run } from "./command.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-command-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true });
});

const has = (name: string) => existsSync(join(folder, name));
/** Runs a script, and waits until it has created the file `ready`. */
async function start(script: string, options: RunOptions = {}) {
  const result = run(process.execPath, ["-e", script], { env: { FOLDER: folder }, ...options });
  for await (const _ of every(5)) if (has("ready")) break;
  return { result };
}
const write = (name: string) => `require("fs").writeFileSync(process.env.FOLDER + "/${name}", "");`;
const FOR_EVER = "setInterval(() => {}, 1000);";

it("run ends a program without a limit of its own after five minutes, and it fails", async () => {
  const { result } = await start(`${write("ready")}${FOR_EVER}`);
  vi.advanceTimersByTime(DEFAULT_TIMEOUT_MS);
  vi.advanceTimersByTime(1);
  expect(await result).toEqual({ code: 1, stdout: "", stderr: "Ended, as it had not finished after 300 s.\n" });
});

it("run sends SIGINT to the program only, and waits while it releases its lock", async () => {
  // It ends when the program closes its input, after the signals that came before.
  const provider = `process.on("SIGINT", () => {${write("interrupted")}}); ${write("ready")}
    process.stdin.resume().on("end", () => setTimeout(process.exit, 50));`;
  const { result } = await start(
    `const provider = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(provider)}]);
     process.on("SIGINT", () => { console.log("released the lock"); provider.stdin.end(); });
     provider.on("exit", () => process.exit(0));`,
    { timeoutMs: 1_000, graceMs: 60_000 },
  );
  vi.advanceTimersByTime(1_000);
  // The exit code is not 0, although the program ended in order.
  expect(await result).toMatchObject({ code: 1, stdout: "released the lock\n" });
  expect(has("interrupted")).toBe(false);
});

it("run kills a program that ignores SIGINT, with what it started, after its grace", async () => {
  const { result } = await start(
    `process.on("SIGINT", () => {}); require("child_process").spawn("sleep", ["600"], { stdio: "inherit" }).on("spawn", () => {${write("ready")}});`,
    { timeoutMs: 1_000, graceMs: 60_000 },
  );
  vi.advanceTimersByTime(1_000 + 60_000);
  expect(await result).toMatchObject({ code: 1, stderr: "Ended, as it had not finished after 1 s.\n" });
});

it("run ends a program when its signal aborts, also before it starts, and reports the reason", async () => {
  const lease = new AbortController();
  const { result } = await start(`${write("ready")}${FOR_EVER}`, { signal: lease.signal });
  lease.abort(new Error("the deployment lock was lost."));
  vi.advanceTimersByTime(1);
  expect(await result).toMatchObject({ code: 1, stderr: "Ended: the deployment lock was lost.\n" });
  const late = run("sleep", ["600"], { signal: lease.signal });
  vi.advanceTimersByTime(1);
  expect((await late).code).toBe(1);
});

it("run lets no shell force colors into the output of gh", async () => {
  vi.stubEnv("CLICOLOR_FORCE", "1");
  const { stdout } = await run("sh", ["-c", "echo $CLICOLOR_FORCE"]);
  vi.unstubAllEnvs();
  expect(stdout).toBe("0\n");
});

it("createAz quotes no output that is not JSON, which could be a secret", async () => {
  const az = createAz(async () => ({ code: 0, stdout: 's3cr3t"', stderr: "" }));
  const error = await az("keyvault", "secret", "show").catch((thrown: Error) => thrown);
  expect(String(error)).toContain("az keyvault secret show printed 7 characters that are not JSON.");
  expect(String(error)).not.toContain("s3cr3t");
});

it.each([
  [
    "Terraform",
    "\nError: creating Key Vault: unexpected status 409\n\n  with azurerm_key_vault.it,\n",
    "Error: creating Key Vault: unexpected status 409",
  ],
  [
    "az",
    "ERROR: (AuthorizationFailed) The client may not.\nCode: AuthorizationFailed\n",
    "ERROR: (AuthorizationFailed) The client may not.",
  ],
])("the first line of an error names what %s wrote", (_, stderr, cause) => {
  const { message } = new CommandError("it", ["apply"], { code: 1, stdout: "", stderr });
  expect(message.split("\n")[0]).toBe(`it apply failed with exit code 1 (${cause}):`);
});
