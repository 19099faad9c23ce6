// Destroys a stage: its resources, what Azure adds to them, and its Terraform state.
import type { DeployContext } from "../deploy-context.ts";
import { LONGEST_WAIT_MS, withDeploymentLock } from "../lock/deployment-lock.ts";
import { lockOf } from "../lock/lock-blob.ts";
import { renewLogin } from "../login.ts";
import { MINUTE } from "../retry.ts";
import { type DeployTarget, stateContainer } from "../target.ts";
import { deleteGeneratedRule } from "./generated-rule.ts";
import { LONGEST_CALL, openTerraform } from "./terraform-cli.ts";

/** Minutes, with ten for what is no destruction of a stack. */
export const LONGEST_DESTRUCTION = LONGEST_WAIT_MS / MINUTE + 2 * LONGEST_CALL + 10;

/**
 * Waits for a deployment of the stage. The state goes last: after a failure the next run, or the next sweep, continues.
 * @throws {Error} of the step that failed, and as `withDeploymentLock`
 */
export async function destroyStage(outer: DeployContext, target: DeployTarget): Promise<void> {
  await withDeploymentLock(outer, target, async (context) => {
    const terraform = await openTerraform(context, target.stage);
    // The events stack reads resources of the platform stack, so it goes first.
    for (const stack of ["events", "platform"] as const) {
      await renewLogin(context, process.env);
      context.log(`Destroying the stack ${stack} of ${target.stage}, which takes minutes.`);
      await terraform.destroy(stack);
    }
    await deleteGeneratedRule(context, target);
    await deleteState(context, target);
  });
  // Without a lease, so a deployment that has just begun keeps it. One that is left costs nothing and is used again.
  await outer
    .az("storage", "blob", "delete", ...stateContainer(target), "--name", lockOf(target.stage))
    .catch(() => undefined);
}

async function deleteState({ az }: DeployContext, target: DeployTarget): Promise<void> {
  const container = stateContainer(target);
  const list = ["storage", "blob", "list", ...container, "--prefix", `${target.stage}/`, "--num-results", "*"];
  for (const { name } of (await az(...list)) as { name: string }[])
    if (name.endsWith(".tfstate")) await az("storage", "blob", "delete", ...container, "--name", name);
}
