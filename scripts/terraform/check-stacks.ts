// Validates the synthesized stacks with the real providers, and checks the committed lock of their versions.
import { copyFile, cp, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Run, runOrThrow } from "../deploy/command.ts";

export const LOCK = ".terraform.lock.hcl";
/** Where Terraform runs: pipelines and developer machines. */
const PLATFORMS = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"];
const STAGES = ["production", "preview-1"];
const STACKS = ["platform", "events"];
// Placeholders: neither init without a backend nor validate logs in.
const NOWHERE = "00000000-0000-0000-0000-000000000000";
const TARGET = ["--subscription", NOWHERE, "--tenant", NOWHERE, "--deployer", NOWHERE, "--state-account", "nowhere"];

type Options = {
  readonly root: string;
  /** An empty folder for stacks and providers. */
  readonly work: string;
  /** Path of the lock in the repository; the file may be missing. */
  readonly committed: string;
  /** Path that receives the correct lock. */
  readonly created: string;
  /** Command that puts the correct lock into the repository. */
  readonly fix: string;
  readonly run: Run;
};

const read = (file: string) => readFile(file, "utf8").catch(() => undefined);

/**
 * Validates both stacks of both kinds of stage.
 * @returns a warning when no lock is committed
 * @throws {CommandError} when a stack is invalid
 * @throws {Error} when the committed lock is incomplete
 */
export async function checkStacks({ root, work, committed, created, fix, run }: Options): Promise<string | undefined> {
  const plugins = join(work, "plugins");
  await mkdir(plugins);
  const env = { CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", TF_PLUGIN_CACHE_DIR: plugins };
  const terraform = (folder: string, ...args: string[]) =>
    runOrThrow(run, ["terraform", [`-chdir=${folder}`, ...args], { env, show: true }]);

  for (const stage of STAGES) {
    const args = [join(root, "infra/main.ts"), "--stage", stage, ...TARGET, "--out", join(work, stage)];
    await runOrThrow(run, [process.execPath, args, { show: true }]);
  }
  const folders = STAGES.flatMap((stage) => STACKS.map((stack) => join(work, stage, "stacks", stack)));
  const [first = "", ...others] = folders;

  const before = await read(committed);
  if (before !== undefined) await cp(committed, join(first, LOCK));
  await terraform(first, "providers", "lock", ...PLATFORMS.map((platform) => `-platform=${platform}`));
  await mkdir(dirname(created), { recursive: true });
  await copyFile(join(first, LOCK), created);

  for (const folder of others) await copyFile(created, join(folder, LOCK));
  for (const folder of folders) {
    await terraform(folder, "init", "-backend=false", "-input=false", "-lockfile=readonly");
    await terraform(folder, "validate");
  }

  if (before === undefined)
    return `No lock of the provider versions is committed, which production requires: ${fix}, and commit it.`;
  if (before !== (await read(created)))
    throw new Error(
      `The committed lock must cover every provider on ${PLATFORMS.join(", ")}, but does not: ${fix}, and commit it.`,
    );
  return undefined;
}
