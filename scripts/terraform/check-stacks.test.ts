// What is asked of Terraform for which stacks, and when a lock of its providers fits.
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { run } from "../deploy/command.ts";
import { checkStacks, LOCK } from "./check-stacks.ts";

const root = join(import.meta.dirname, "../..");
const FULL = 'provider "registry.terraform.io/hashicorp/azurerm" { hashes = ["h1:linux", "h1:darwin"] }\n';
let folder: string;
let kept: string;
let made: string;
let calls: string;
let fails: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-terraform-test-"));
  kept = join(folder, "kept.hcl");
  made = join(folder, "out", LOCK);
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
const check = () =>
  checkStacks({
    root,
    work: join(folder, "work"),
    kept,
    made,
    run: (command, args, options) =>
      run(command, args, { ...options, env: { ...environment(), ...options?.env }, show: false }),
  });

async function called(): Promise<[stack: string, line: string][]> {
  const lines = (await readFile(calls, "utf8")).trim().split("\n");
  return lines.map((each) => {
    const { folder: place, line } = JSON.parse(each) as { folder: string; line: string };
    return [place.replace(join(folder, "work/"), "").replace("stacks/", ""), line];
  });
}

it("locks for Linux and macOS on both processors, then initializes and validates every stack by that lock", async () => {
  await writeFile(kept, FULL);
  expect(await check()).toBeUndefined();
  const init = "init -backend=false -input=false -lockfile=readonly";
  expect(await called()).toEqual([
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

it("gives the lock to keep where none is kept yet, and says what to do with it", async () => {
  expect(await check()).toContain(`cp ${made} ${kept}`);
  expect(await readFile(made, "utf8")).toBe(FULL);
});

it("refuses a kept lock that lacks a platform, and gives the one that does not", async () => {
  await writeFile(kept, FULL.replace(', "h1:darwin"', ""));
  await expect(check()).rejects.toThrow(/darwin_arm64, and does not: cp /);
  expect(await readFile(made, "utf8")).toBe(FULL);
});

it("runs as one command, which warns beside the change, and fails with what failed", async () => {
  const command = () => run(process.execPath, [join(root, "scripts/terraform/validate.ts")], { env: environment() });
  fails = "preview-1/stacks/events validate";
  expect(await command()).toMatchObject({ code: 1, stderr: expect.stringContaining("Unsupported argument") });
  fails = "";
  const isKept = existsSync(join(root, "infra", LOCK));
  const { code, stdout, stderr } = await command();
  if (isKept) expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("does not: cp ") });
  else
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^::warning file=\S+::No lock/m) });
});

it.each(["production/stacks/events init", "providers lock"])("fails when this fails: %s", async (step) => {
  fails = step;
  await writeFile(kept, FULL);
  await expect(check()).rejects.toThrow(/Unsupported argument/);
});
