// npm run destroy of one stage: what goes, the question, the destruction, and what remains.
import { parseStage } from "../../../infra/config.ts";
import { deployerOf, STATE_GROUP } from "../bootstrap/plan.ts";
import type { DeployContext } from "../deploy-context.ts";
import { destroyStage } from "../deployment/destroy-stage.ts";
import type { DeployTarget } from "../target.ts";
import type { Confirm } from "./confirm.ts";
import { openAsPerson } from "./person-target.ts";
import { readCommit } from "./source-commit.ts";

export async function destroyFromLaptop(
  outer: DeployContext,
  { stageName, dryRun, confirm }: { readonly stageName: string; readonly dryRun: boolean; readonly confirm: Confirm },
): Promise<void> {
  const stage = parseStage(stageName);
  const commit = await readCommit(outer.run);
  await outer.run("terraform", ["version"]);
  const { context, target } = await openAsPerson(outer, { stageName, commit });
  context.log(
    `This deletes ${stage}: the app, every count, image and account, and the telemetry. Azure cannot bring them back. To keep the data, export it first: docs/data.md.`,
  );
  if (dryRun) return context.log("Nothing was deleted: this is a dry run.");
  await confirm(stage);
  await destroyStage(context, target);
  for (const line of remainsOf(target)) context.log(line);
}

/** What a destroyed stage leaves, and how to remove it. */
function remainsOf({ stage, names, config, stateAccount }: DeployTarget): string[] {
  const { identity, group } = deployerOf(stage);
  const isProduction = stage === "production";
  return [
    `${stage} is destroyed. What remains costs nothing:`,
    ...(config.vault.purgeProtection
      ? [
          `  the deleted vault ${names.vault}, for ${config.vault.softDelete} days: no one can purge it, and a deployment within that time recovers it`,
        ]
      : []),
    `  earlier versions of its Terraform state in ${stateAccount}, for 30 days`,
    `  for the next deployment: the group ${group}, and ${identity} with the state in the group ${STATE_GROUP}`,
    isProduction
      ? "The next push deploys it again, unless the pipeline is off: gh variable delete STATE_ACCOUNT"
      : "An open pull request with the label preview deploys it again with its next push.",
    "To remove all of Vitae from the subscription and from GitHub: npm run destroy -- --everything",
  ];
}
