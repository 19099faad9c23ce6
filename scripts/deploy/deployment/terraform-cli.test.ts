// How Terraform is called: limits, providers, the state lock, and the plan after an apply.
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CommandResult, Run, RunOptions } from "../command.ts";
import { openTerraform, requireLockFile } from "./terraform-cli.ts";

let folder: string;
let lockFile: string;
beforeEach(async () => {
  vi.stubEnv("TF_PLUGIN_CACHE_DIR", "");
  folder = await mkdtemp(join(tmpdir(), "vitae-lock-"));
  lockFile = join(folder, ".terraform.lock.hcl");
  await writeFile(lockFile, "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

type Call = { readonly line: string; readonly options: RunOptions };

/** Terraform that fails when the command line contains a key, with that result. */
async function open(failures: Readonly<Record<string, Partial<CommandResult>>> = {}, file = lockFile) {
  const calls: Call[] = [];
  const run: Run = async (command, args, options = {}) => {
    const line = [command, ...args].join(" ");
    calls.push({ line, options });
    const failure = Object.entries(failures).find(([part]) => line.includes(part))?.[1];
    return { code: 0, stdout: '{"resource_changes":[]}', stderr: "", ...failure };
  };
  let now = 0;
  const sleep = async (milliseconds: number) => {
    now += milliseconds;
  };
  const context = { run, clock: { now: () => now, sleep }, log: () => undefined };
  const terraform = await openTerraform(context, "production", file);
  const ofTerraform = () => calls.filter(({ line }) => line.startsWith("terraform"));
  return { terraform, calls: ofTerraform };
}

it("every call of Terraform has a limit and the time to release its lock", async () => {
  const { terraform, calls } = await open();
  await terraform.plan("platform");
  await terraform.apply("platform");
  await terraform.findChanges("platform");
  await terraform.destroy("events");
  expect(calls().length).toBeGreaterThan(6);
  for (const { options } of calls()) expect(options).toMatchObject({ timeoutMs: 30 * 60_000, graceMs: 2 * 60_000 });
});

it("both stacks share the downloaded providers, and keep to the lock file where there is one", async () => {
  const { terraform, calls } = await open();
  await terraform.plan("platform");
  await terraform.plan("events");
  const caches = new Set(calls().map(({ options }) => options.env?.TF_PLUGIN_CACHE_DIR));
  expect(caches.size).toBe(1);
  expect(existsSync([...caches][0] ?? "")).toBe(true);
  const inits = calls().filter(({ line }) => line.includes(" init "));
  for (const { line, options } of inits) {
    expect(line).toContain("-lockfile=readonly");
    expect(options.env).not.toHaveProperty("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE");
  }
  expect(inits).toHaveLength(2);
});

it("without a lock file the cache is used too, and with a cache of the user that one is", async () => {
  const { terraform, calls } = await open({}, join(folder, "none"));
  await terraform.plan("platform");
  expect(calls()[0]?.line).not.toContain("-lockfile");
  expect(calls()[0]?.options.env).toHaveProperty("TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE", "true");
  vi.stubEnv("TF_PLUGIN_CACHE_DIR", "/home/ada/plugins");
  const own = await open();
  await own.terraform.plan("platform");
  expect(own.calls()[0]?.options.env).toEqual({});
});

it("requireLockFile names the command that gets the file", () => {
  expect(() => requireLockFile(lockFile)).not.toThrow();
  expect(() => requireLockFile(join(folder, "none"))).toThrow(
    /terraform\.lock\.hcl is missing, so nothing was deployed.*\n.*gh run download --name terraform-lock --dir infra/,
  );
});

it("providers of both stacks are there before the first plan, so a registry that fails changes nothing", async () => {
  const { terraform, calls } = await open();
  await terraform.plan("platform");
  expect(
    calls().map(({ line }) =>
      line
        .replace(/-chdir=\S*\//, "")
        .split(" ")
        .slice(1, 3)
        .join(" "),
    ),
  ).toEqual(["platform init", "events init", "platform plan", "platform show"]);
  await expect(open({ "events init": { code: 1, stderr: "registry: 503" } })).rejects.toThrow("registry: 503");
});

it.each([
  ["is stored again", 2, false],
  ["stays in its file for a person when storage is down for longer", 100, true],
])("a state that Terraform could not store %s", async (_, failedPushes, stays) => {
  const failures: Record<string, Partial<CommandResult>> = {
    " apply ": { code: 1, stderr: "Error: Failed to save state" },
  };
  const { terraform, calls } = await open(failures);
  const of = (command: string) => calls().filter(({ line }) => line.includes(command));
  const file = join(/-chdir=(\S+)/.exec(calls()[0]?.line ?? "")?.[1] ?? "", "errored.tfstate");
  await writeFile(file, "{}");
  // Found by the first failure that matches.
  Object.defineProperty(failures, " state push ", {
    enumerable: true,
    get: () => (of(" state push ").length <= failedPushes ? { code: 1, stderr: "no route to host" } : {}),
  });
  await expect(terraform.apply("platform")).rejects.toThrow("Failed to save state");
  expect(of(" state push ").length).toBe(Math.min(failedPushes + 1, 16));
  expect(existsSync(file)).toBe(stays);
});

it("a locked state is reported with the command that breaks its lease", async () => {
  // The error as Terraform prints it.
  const stderr =
    "Error: Error acquiring the state lock\n\nError message: state blob is already locked\nLock Info:\n  ID:        7d1f\n";
  const { terraform } = await open({ " plan ": { code: 1, stderr } });
  const message = await terraform.plan("events").catch(String);
  expect(message).toMatch(/^Error: The Terraform state of events is locked\./);
  expect(message).toContain("az storage blob lease break");
  expect(message).toContain("--container-name production --blob-name production/events.tfstate");
  expect(message).toContain("ID:        7d1f");
});

it("a state that may not be read is not reported as locked", async () => {
  const stderr =
    "Error: Error acquiring the state lock\n\nError message: retrieving properties: unexpected status 403 (403 This request is not authorized)\n";
  const { terraform } = await open({ " plan ": { code: 1, stderr } });
  const message = await terraform.plan("events").catch(String);
  expect(message).not.toContain("is locked");
  expect(message).toContain("unexpected status 403");
});

it("findChanges returns the changed addresses, takes no lock, and throws when the plan fails", async () => {
  const changes = [{ address: "azurerm_x.app", type: "azurerm_x", change: { actions: ["update"] } }];
  const changed = await open({
    "-detailed-exitcode": { code: 2 },
    "show -json again.bin": { stdout: JSON.stringify({ resource_changes: changes }) },
  });
  expect(await changed.terraform.findChanges("platform")).toContain("  update  azurerm_x.app");
  expect(changed.calls().find(({ line }) => line.includes("-detailed-exitcode"))?.line).toContain("-lock=false");
  expect(await (await open()).terraform.findChanges("platform")).toEqual([]);
  const failing = await open({ "-detailed-exitcode": { code: 1, stderr: "no" } });
  await expect(failing.terraform.findChanges("platform")).rejects.toThrow("failed with exit code 1");
});

it("the events stack is destroyed without reading the keys of the app, the platform with a refresh", async () => {
  const { terraform, calls } = await open();
  await terraform.destroy("events");
  await terraform.destroy("platform");
  const lines = calls().flatMap(({ line }) => (line.includes(" destroy ") ? [line] : []));
  expect(lines.map((line) => line.includes("-refresh=false"))).toEqual([true, false]);
});
