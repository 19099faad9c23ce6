// Runs Terraform on the stacks of a stage. Plans go to a file; only their summary is printed.

import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOrThrow } from "./command.ts";
import type { DeployContext } from "./deploy-context.ts";
import { type PlanSummary, summarizePlan } from "./plan-summary.ts";

export type Stack = "platform" | "events";
export type Terraform = {
  plan(stack: Stack): Promise<PlanSummary>;
  /** Applies the last plan of the stack. */
  apply(stack: Stack): Promise<void>;
  destroy(stack: Stack): Promise<void>;
};

const root = join(import.meta.dirname, "..", "..");
const LOCK = ".terraform.lock.hcl";
/** Another run may hold the state lock for that long. */
const LOCK_TIMEOUT = "-lock-timeout=10m";

/** Synthesizes the stacks of the stage, and returns the commands on them. */
export async function openTerraform({ run }: Pick<DeployContext, "run">, stage: string): Promise<Terraform> {
  const out = await mkdtemp(join(tmpdir(), "vitae-stacks-"));
  await runOrThrow(run, [process.execPath, [join(root, "infra", "main.ts"), "--stage", stage, "--out", out]]);
  const initialized = new Set<Stack>();

  /** Returns the output without printing it, since it may contain secrets. */
  async function terraform(stack: Stack, ...args: string[]): Promise<string> {
    const folder = join(out, "stacks", stack);
    if (!initialized.has(stack)) {
      initialized.add(stack);
      const lock = join(root, "infra", LOCK);
      await mkdir(folder, { recursive: true });
      if (existsSync(lock)) await copyFile(lock, join(folder, LOCK));
      const readonly = existsSync(lock) ? ["-lockfile=readonly"] : [];
      await runOrThrow(run, ["terraform", [`-chdir=${folder}`, "init", "-input=false", "-no-color", ...readonly]]);
    }
    return runOrThrow(run, ["terraform", [`-chdir=${folder}`, ...args]]);
  }

  return {
    async plan(stack) {
      await terraform(stack, "plan", "-input=false", "-no-color", LOCK_TIMEOUT, "-out=plan.bin");
      return summarizePlan(await terraform(stack, "show", "-json", "plan.bin"));
    },
    async apply(stack) {
      await terraform(stack, "apply", "-input=false", "-no-color", LOCK_TIMEOUT, "plan.bin");
    },
    async destroy(stack) {
      await terraform(stack, "destroy", "-input=false", "-no-color", LOCK_TIMEOUT, "-auto-approve");
    },
  };
}
