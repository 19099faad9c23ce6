// Plans the stacks of a stage without changing anything.
import type { DeployContext } from "../deploy-context.ts";
import type { DeployTarget } from "../target.ts";
import { createApp } from "./deployed-app.ts";
import { createSteps } from "./steps.ts";
import { openTerraform, type Stack } from "./terraform-cli.ts";

/** @throws {CommandError} when Terraform fails */
export async function dryRun(context: DeployContext, target: DeployTarget): Promise<void> {
  const { log } = context;
  const terraform = await openTerraform(context, target.stage);
  const step = createSteps(context);
  const showPlan = (stack: Stack) =>
    step(`plan of ${stack}`, async () => {
      const { lines, losses } = await terraform.plan(stack);
      for (const line of [...lines, ...losses.map((loss) => `  This would lose data: ${loss}`)]) log(line);
    });
  await showPlan("platform");
  // Before the first deployment there is no app to list the keys of.
  const isRunning = await createApp(context, target)
    .hasEventKey()
    .catch(() => false);
  if (isRunning) await showPlan("events");
  else log("The stack events cannot be planned: the app has no event key yet. The first deployment creates both.");
}
