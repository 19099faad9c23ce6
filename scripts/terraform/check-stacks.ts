// Holds what is synthesized against the real providers, and the kept lock of their versions against what it must cover.
import { copyFile, cp, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Run, runOrThrow } from "../deploy/command.ts";

export const LOCK = ".terraform.lock.hcl";
/** Where Terraform runs: pipelines, and whoever works on it. */
const PLATFORMS = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"];
const STAGES = ["production", "preview-1"];
const STACKS = ["platform", "events"];
// Nothing is reached with them: neither init without a backend nor validate logs in anywhere.
const NOWHERE = "00000000-0000-0000-0000-000000000000";
const TARGET = ["--subscription", NOWHERE, "--tenant", NOWHERE, "--deployer", NOWHERE, "--state-account", "nowhere"];

type Options = {
  readonly root: string;
  /** An empty folder for stacks and providers. */
  readonly work: string;
  /** The lock of the repository; it need not be there yet. */
  readonly kept: string;
  /** Gets the lock as it should be. */
  readonly made: string;
  readonly run: Run;
};

const read = (file: string) => readFile(file, "utf8").catch(() => undefined);

/**
 * Validates both stacks of both kinds of stage.
 * @returns what is to be done about the lock, if anything
 * @throws {CommandError} when a stack does not fit its providers
 * @throws {Error} when a lock is kept that does not fit
 */
export async function checkStacks({ root, work, kept, made, run }: Options): Promise<string | undefined> {
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

  const before = await read(kept);
  if (before !== undefined) await cp(kept, join(first, LOCK));
  await terraform(first, "providers", "lock", ...PLATFORMS.map((platform) => `-platform=${platform}`));
  await mkdir(dirname(made), { recursive: true });
  await copyFile(join(first, LOCK), made);

  for (const folder of others) await copyFile(made, join(folder, LOCK));
  for (const folder of folders) {
    await terraform(folder, "init", "-backend=false", "-input=false", "-lockfile=readonly");
    await terraform(folder, "validate");
  }

  const mend = `cp ${made} ${kept}, and commit it`;
  if (before === undefined) return `No lock of the providers' versions is kept: ${mend}.`;
  if (before !== (await read(made)))
    throw new Error(`The kept lock must cover every provider on ${PLATFORMS.join(", ")}, and does not: ${mend}.`);
  return undefined;
}
