// Terraform on a stage's stacks: plans go to a file, and only their summary to the terminal.

import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOrThrow } from "./command.ts";
import { type PlanSummary, summarizePlan } from "./plan-summary.ts";
import type { World } from "./world.ts";

export type Stack = "platform" | "events";
export type Terraform = {
  plan(stack: Stack): Promise<PlanSummary>;
  /** Does what was planned, and nothing else. */
  apply(stack: Stack): Promise<void>;
  destroy(stack: Stack): Promise<void>;
};

const root = join(import.meta.dirname, "..", "..");
const LOCK = ".terraform.lock.hcl";
/** Somebody else's run may hold the state for that long. */
const WAIT = "-lock-timeout=10m";

/** Writes the stacks of the stage, and answers how to plan and apply them. */
export async function openTerraform({ run }: Pick<World, "run">, stage: string): Promise<Terraform> {
  const out = await mkdtemp(join(tmpdir(), "vitae-stacks-"));
  await runOrThrow(run, [process.execPath, [join(root, "infra", "main.ts"), "--stage", stage, "--out", out]]);
  const ready = new Set<Stack>();

  /** The output is kept back: it is only read, or, when the program fails, shown without its secrets. */
  async function terraform(stack: Stack, ...args: string[]): Promise<string> {
    const folder = join(out, "stacks", stack);
    if (!ready.has(stack)) {
      ready.add(stack);
      const lock = join(root, "infra", LOCK);
      await mkdir(folder, { recursive: true });
      if (existsSync(lock)) await copyFile(lock, join(folder, LOCK));
      const pinned = existsSync(lock) ? ["-lockfile=readonly"] : [];
      await runOrThrow(run, ["terraform", [`-chdir=${folder}`, "init", "-input=false", "-no-color", ...pinned]]);
    }
    return runOrThrow(run, ["terraform", [`-chdir=${folder}`, ...args]]);
  }

  return {
    async plan(stack) {
      await terraform(stack, "plan", "-input=false", "-no-color", WAIT, "-out=plan.bin");
      return summarizePlan(await terraform(stack, "show", "-json", "plan.bin"));
    },
    async apply(stack) {
      await terraform(stack, "apply", "-input=false", "-no-color", WAIT, "plan.bin");
    },
    async destroy(stack) {
      await terraform(stack, "destroy", "-input=false", "-no-color", WAIT, "-auto-approve");
    },
  };
}
