// One deployment of a stage, of the pipeline or of a person: no placeholders, and no other deployment until rollback has ended.
import { placeholdersOf, rejectPlaceholders } from "../../../infra/placeholders.ts";
import { readStartAt } from "../../../seed-entity/read-flags.ts";
import type { DeployContext } from "../deploy-context.ts";
import { withDeploymentLock } from "../lock/deployment-lock.ts";
import type { DeployTarget } from "../target.ts";
import { type DeployOptions, deploy } from "./order.ts";
import { isCurrent } from "./settings-compatibility.ts";

/** @throws {Error} for a wrong number of visits or placeholders, before anything is changed, and as `deploy` and `withDeploymentLock` */
export async function deployStage(context: DeployContext, target: DeployTarget, options: DeployOptions): Promise<void> {
  if (options.startAt !== undefined) readStartAt(options.startAt);
  if (options.dryRun) {
    for (const line of placeholdersOf(target.config)) context.log(`::warning::npm run bootstrap: ${line}`);
    // Plans change nothing, and Terraform's own lock keeps them from reading a state that is being written.
    return deploy(context, target, options);
  }
  rejectPlaceholders(target.config);
  await withDeploymentLock(context, target, (locked) => deploy(locked, target, options));
  if (target.stage === "production" && !isCurrent())
    context.log(
      "::notice::infra/released-settings.json describes an older release. Run npm run released-settings in the next change.",
    );
}
