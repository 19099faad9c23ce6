// Runs Terraform on the stacks of a stage. Plans go to a file; only their summary is printed.
import { existsSync, rmSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseStage } from "../../../infra/config.ts";
import { stateOf } from "../../../infra/naming.ts";
import { CommandError, runOrThrow } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE, retry } from "../retry.ts";
import { type PlanSummary, summarizePlan } from "./plan-summary.ts";

export type Stack = "platform" | "events";
export type Terraform = {
  plan(stack: Stack): Promise<PlanSummary>;
  /** Applies the last plan of the stack. */
  apply(stack: Stack): Promise<void>;
  /** Plans again, without the lock and without keeping the plan. @returns the lines of the changes, empty for none */
  findChanges(stack: Stack): Promise<readonly string[]>;
  destroy(stack: Stack): Promise<void>;
};

const root = join(import.meta.dirname, "..", "..", "..");
const LOCK = ".terraform.lock.hcl";
export const LOCK_FILE = join(root, "infra", LOCK);

/**
 * One call. SIGINT makes Terraform cancel what it waits for, write its state and release its lock (RunOperation in its
 * internal/command/meta.go, opWait in internal/backend/local/backend.go).
 */
const LIMIT = { timeoutMs: 30 * MINUTE, graceMs: 2 * MINUTE };
/** Minutes. */
export const LONGEST_CALL = (LIMIT.timeoutMs + LIMIT.graceMs) / MINUTE;
/** The deployment lock excludes other runs. So a state lock is of a run that was killed, or of a person's own plan. */
const LOCK_TIMEOUT = "-lock-timeout=3m";
const PLUGINS = "plugins";
const PLANS = ["plan.bin", "again.bin"];
const PLAIN = ["-input=false", "-no-color"];
/**
 * Terraform writes a state to this file that it could not store (backupStateForError in its backend/local). A runner loses the
 * file, and the next plan would create again what exists.
 */
const UNSTORED = "errored.tfstate";
const STACKS = ["platform", "events"] as const;

/**
 * Without the lock file, Terraform would use providers that were released a minute ago.
 * @throws {Error} when there is none
 */
export function requireLockFile(file = LOCK_FILE): void {
  if (existsSync(file)) return;
  throw new Error(
    [
      `infra/${LOCK} is missing, so nothing was deployed: it pins the versions and checksums of the Terraform providers.`,
      `The run of each push makes it: gh run download --name terraform-lock --dir infra && git add infra/${LOCK} && git commit -m "Lock the provider versions" && git push`,
    ].join("\n"),
  );
}

/** The folders of this process. */
const folders = new Set<string>();
// Plans have secrets, and providers hundreds of megabytes. A state that is not stored stays.
process.once("exit", () => {
  for (const folder of folders) {
    rmSync(join(folder, PLUGINS), { recursive: true, force: true });
    for (const stack of STACKS.map((name) => join(folder, "stacks", name))) {
      for (const plan of PLANS) rmSync(join(stack, plan), { force: true });
      if (existsSync(join(stack, UNSTORED)))
        process.stderr.write(
          `Only ${join(stack, UNSTORED)} lists what Terraform created. Before the next deployment: terraform -chdir=${stack} state push ${UNSTORED}\n`,
        );
    }
  }
});

/** Synthesizes and initializes the stacks of the stage, and returns the commands on them. */
export async function openTerraform(
  context: Pick<DeployContext, "run" | "clock" | "log">,
  stage: string,
  lockFile = LOCK_FILE,
): Promise<Terraform> {
  const { run } = context;
  const out = await mkdtemp(join(tmpdir(), "vitae-stacks-"));
  folders.add(out);
  await runOrThrow(run, [process.execPath, [join(root, "infra", "main.ts"), "--stage", stage, "--out", out]]);
  const isLocked = existsSync(lockFile);
  const env = { ...(await createPluginCache(out, isLocked)) };
  const folderOf = (stack: Stack) => join(out, "stacks", stack);
  const call = (stack: Stack, ...args: string[]) =>
    runOrThrow(run, ["terraform", [`-chdir=${folderOf(stack)}`, ...args], { env, ...LIMIT }]);

  // Both before anything changes: providers that cannot be downloaded later would leave new code without its events.
  for (const stack of STACKS) {
    await mkdir(folderOf(stack), { recursive: true });
    if (isLocked) await copyFile(lockFile, join(folderOf(stack), LOCK));
    await call(stack, "init", ...PLAIN, ...(isLocked ? ["-lockfile=readonly"] : []));
  }

  async function storeState(stack: Stack): Promise<void> {
    if (!existsSync(join(folderOf(stack), UNSTORED))) return;
    await retry(context, () => call(stack, "state", "push", "-no-color", LOCK_TIMEOUT, UNSTORED), {
      timeoutMs: 5 * MINUTE,
      intervalMs: 20_000,
      retryReason: () => `The state of ${stack} is not stored yet`,
    });
    await rm(join(folderOf(stack), UNSTORED));
  }

  /** Returns the output without printing it, since it may contain secrets. */
  async function terraform(stack: Stack, ...args: string[]): Promise<string> {
    return call(stack, ...args).catch(async (error: unknown) => {
      await storeState(stack).catch(() => undefined);
      throw explainStateLock(error, stage, stack);
    });
  }

  return {
    async plan(stack) {
      await terraform(stack, "plan", ...PLAIN, LOCK_TIMEOUT, "-out=plan.bin");
      return summarizePlan(await terraform(stack, "show", "-json", "plan.bin"));
    },
    async apply(stack) {
      await terraform(stack, "apply", ...PLAIN, LOCK_TIMEOUT, "plan.bin");
    },
    async findChanges(stack) {
      try {
        await terraform(stack, "plan", ...PLAIN, "-lock=false", "-detailed-exitcode", "-out=again.bin");
        return [];
      } catch (error) {
        // 2: there are changes, in values or in outputs only.
        if (!(error instanceof CommandError) || error.result.code !== 2) throw error;
        return summarizePlan(await terraform(stack, "show", "-json", "again.bin")).lines;
      }
    },
    async destroy(stack) {
      // The events stack reads the keys of the app, which a broken app does not return. Without a refresh, Terraform
      // reads no data source to destroy (destroyPlan in its internal/terraform/context_plan.go).
      const refresh = stack === "events" ? ["-refresh=false"] : [];
      await terraform(stack, "destroy", ...PLAIN, LOCK_TIMEOUT, ...refresh, "-auto-approve");
    },
  };
}

/** Both stacks use one download of the providers, unless the user has a cache. */
async function createPluginCache(out: string, isLocked: boolean): Promise<Record<string, string>> {
  if (process.env.TF_PLUGIN_CACHE_DIR) return {};
  const folder = join(out, PLUGINS);
  await mkdir(folder);
  // Terraform uses a cached provider only if the lock file has its checksum, and previews may have no lock file.
  return {
    TF_PLUGIN_CACHE_DIR: folder,
    ...(!isLocked && { TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "true" }),
  };
}

/** A run that was killed leaves the lease of the state's blob, which has no end (Lock in Terraform's backend azure). */
function explainStateLock(error: unknown, stage: string, stack: Stack): unknown {
  // A login without a role on the state has the first words too.
  const isLocked = /Error acquiring the state lock[\s\S]*(?:already locked|LeaseAlreadyPresent)/;
  if (!(error instanceof CommandError) || !isLocked.test(error.message)) return error;
  const { containerName, key } = stateOf(parseStage(stage), stack);
  return new Error(
    [
      `The Terraform state of ${stack} is locked. If no other run or person uses it (an earlier run was killed), break the lock and start again:`,
      `  az storage blob lease break --account-name "$(gh variable get STATE_ACCOUNT)" --container-name ${containerName} --blob-name ${key} --auth-mode login`,
      error.message,
    ].join("\n"),
    { cause: error },
  );
}
