// The Terraform commands of checkStacks, and its check of the committed lock.
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { run } from "../deploy/command.ts";
import { checkStacks, LOCK } from "./check-stacks.ts";

const root = join(import.meta.dirname, "../..");
const FULL = 'provider "registry.terraform.io/hashicorp/azurerm" { hashes = ["h1:linux", "h1:darwin"] }\n';
/** Every test checks the same stacks, so they are synthesized once. */
let synthesized: string;
let folder: string;
let committed: string;
let created: string;
let calls: string;
let fails: string;

beforeAll(async () => {
  synthesized = await mkdtemp(join(tmpdir(), "vitae-synthesized-"));
});
afterAll(() => rm(synthesized, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-terraform-test-"));
  committed = join(folder, "committed.hcl");
  created = join(folder, "out", LOCK);
  calls = join(folder, "calls");
  fails = "";
  await mkdir(join(folder, "work"));
  await mkdir(join(folder, "bin"));
  const program = join(folder, "bin", "terraform");
  const standIn = join(import.meta.dirname, "fixtures/terraform.ts");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${standIn}" "$@"\n`);
  await chmod(program, 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

const environment = () => ({
  PATH: `${join(folder, "bin")}${delimiter}${process.env.PATH}`,
  TERRAFORM_CALLS: calls,
  TERRAFORM_LOCK: FULL,
  TERRAFORM_FAILS: fails,
});

/** Copies the stacks of an earlier synthesis instead of a new one. */
async function runWithCache(...[command, args, options]: Parameters<typeof run>): ReturnType<typeof run> {
  const out = args.at(-1) ?? "";
  const cached = join(synthesized, basename(out));
  if (args[0] !== join(root, "infra/main.ts"))
    return run(command, args, { ...options, env: { ...environment(), ...options?.env }, show: false });
  if (existsSync(cached)) await cp(cached, out, { recursive: true });
  const result = existsSync(cached) ? { code: 0, stdout: "", stderr: "" } : await run(command, args, { show: false });
  await cp(out, cached, { recursive: true });
  return result;
}

const check = () =>
  checkStacks({
    root,
    work: join(folder, "work"),
    committed,
    created,
    fix: "cp created committed",
    run: runWithCache,
  });

async function recordedCalls(): Promise<[stack: string, line: string][]> {
  const lines = (await readFile(calls, "utf8")).trim().split("\n");
  return lines.map((each) => {
    const { folder: path, line } = JSON.parse(each) as { folder: string; line: string };
    return [path.replace(join(folder, "work/"), "").replace("stacks/", ""), line];
  });
}

it("checkStacks locks for Linux and macOS on both processors, then initializes and validates every stack", async () => {
  await writeFile(committed, FULL);
  expect(await check()).toBeUndefined();
  const init = "init -backend=false -input=false -lockfile=readonly";
  expect(await recordedCalls()).toEqual([
    [
      "production/platform",
      "providers lock -platform=linux_amd64 -platform=linux_arm64 -platform=darwin_amd64 -platform=darwin_arm64",
    ],
    ...["production/platform", "production/events", "preview-1/platform", "preview-1/events"].flatMap((stack) => [
      [stack, init],
      [stack, "validate"],
    ]),
  ]);
});

it("checkStacks returns how to commit the lock when none is committed", async () => {
  expect(await check()).toContain("production requires: cp created committed, and commit it");
  expect(await readFile(created, "utf8")).toBe(FULL);
});

it("checkStacks rejects a committed lock that lacks a platform, and writes the complete one", async () => {
  await writeFile(committed, FULL.replace(', "h1:darwin"', ""));
  await expect(check()).rejects.toThrow(/darwin_arm64, but does not: cp /);
  expect(await readFile(created, "utf8")).toBe(FULL);
});

it("npm run terraform warns about a missing lock, and fails when a stack is invalid", async () => {
  const command = (GITHUB_RUN_ID: string) =>
    run(process.execPath, [join(root, "scripts/terraform/validate.ts")], { env: { ...environment(), GITHUB_RUN_ID } });
  fails = "preview-1/stacks/events validate";
  expect(await command("")).toMatchObject({ code: 1, stderr: expect.stringContaining("Unsupported argument") });
  fails = "";
  const isCommitted = existsSync(join(root, "infra", LOCK));
  const { code, stdout, stderr } = await command("42");
  const fix = `rm -f infra/${LOCK} && gh run download 42 --name terraform-lock --dir infra`;
  if (isCommitted) expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(fix) });
  else {
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^::warning file=\S+::No lock/m) });
    expect(stdout).toContain(fix);
  }
});

it.each(["production/stacks/events init", "providers lock"])("checkStacks fails when %s fails", async (step) => {
  fails = step;
  await writeFile(committed, FULL);
  await expect(check()).rejects.toThrow(/Unsupported argument/);
});
