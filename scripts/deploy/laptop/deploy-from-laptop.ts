// A deployment from a laptop: the commit that is checked out, with the plan of the pipeline and the login of a person.
import { join } from "node:path";
import { parseStage, readConfig } from "../../../infra/config.ts";
import { rejectPlaceholders } from "../../../infra/placeholders.ts";
import { CommandError } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { deployStage } from "../deployment/deploy-stage.ts";
import { LOCK_FILE, requireLockFile } from "../deployment/terraform-cli.ts";
import { MINUTE } from "../retry.ts";
import { openAsPerson } from "./person-target.ts";
import { isPushed, readCommit, requireClean } from "./source-commit.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const PACKAGE = { program: join(root, "scripts", "package.ts"), file: join(root, "package", "vitae.zip") };

export type LaptopOptions = {
  readonly stageName: string | undefined;
  readonly dryRun: boolean;
  readonly allowLoss: boolean;
  readonly startAt?: string;
  /** Where the build puts the package. @default package/vitae.zip */
  readonly packageFile?: string;
  /** @default infra/.terraform.lock.hcl */
  readonly lockFile?: string;
};

/** @throws {Error} of what is missing, before anything is changed, and as `deployStage` */
export async function deployFromLaptop(outer: DeployContext, options: LaptopOptions): Promise<void> {
  const { stageName, dryRun, allowLoss, startAt, packageFile = PACKAGE.file, lockFile = LOCK_FILE } = options;
  const { run, log } = outer;
  const stage = parseStage(stageName);
  const commit = await readCommit(run);
  if (!dryRun) {
    rejectPlaceholders(readConfig(stage));
    if (stage === "production") requireLockFile(lockFile);
    await requireClean(run);
  }
  // Before anything else takes minutes.
  await run("terraform", ["version"]);
  const { context, target } = await openAsPerson(outer, { stageName, commit });
  if (!dryRun) {
    log(`Deploying ${commit} to ${stage}. Its tests are not run here: npm test.`);
    if (!(await isPushed(run, commit)))
      log("warning: no branch of a remote has this commit. The next push deploys what is on main instead of it.");
    await buildPackage(context);
    await requireClean(run);
  }
  await deployStage(context, target, {
    file: packageFile,
    lockFile,
    dryRun,
    allowLoss,
    ...(startAt !== undefined && { startAt }),
  });
}

async function buildPackage({ run, log }: DeployContext): Promise<void> {
  log("::group::build the package");
  const args = [PACKAGE.program];
  const result = await run(process.execPath, args, { show: true, timeoutMs: 10 * MINUTE });
  if (result.code !== 0) throw new CommandError("node", args, result);
}
