// Plans and applies a stack. The platform can need its secrets before Azure accepts roles on them.

import type { DeployContext } from "./deploy-context.ts";
import { seedDeployment } from "./seed-deployment.ts";
import type { DeployTarget } from "./target.ts";
import type { Stack, Terraform } from "./terraform-cli.ts";

type ApplyOptions = {
  /** Applies a plan that deletes or replaces resources that hold data. */
  readonly allowLoss: boolean;
};

/** @throws {Error} when the plan would lose data and that is not allowed, or Terraform fails */
export async function applyStack(
  { log }: Pick<DeployContext, "log">,
  terraform: Terraform,
  { stack, allowLoss }: ApplyOptions & { readonly stack: Stack },
): Promise<void> {
  const { lines, losses } = await terraform.plan(stack);
  for (const line of lines) log(line);
  if (losses.length > 0 && !allowLoss)
    throw new Error(
      `The plan of ${stack} would lose data (${losses.join(", ")}), so it was not applied. To apply it, run the workflow by hand with "allow loss".`,
    );
  await terraform.apply(stack);
}

/** Terraform's error for a role on a secret that does not exist: Azure's code, and the resource that failed. */
const isSecretMissing = (error: unknown) =>
  /NotFound/.test(String(error)) && /azurerm_role_assignment\.\S*signing-keys/.test(String(error));

/**
 * Applies the platform. If Azure rejects the role on `signing-keys` because the secret does not exist, seed-entity creates
 * it first: Terraform has created the vault and the tables by then, and the app, which depends on the role, not yet.
 * Microsoft does not document whether a role may precede its secret (docs/decisions/015).
 * @throws {Error} as `applyStack`, also when the second apply fails
 */
export async function applyPlatform(
  context: DeployContext,
  terraform: Terraform,
  { target, allowLoss }: ApplyOptions & { readonly target: DeployTarget },
): Promise<void> {
  const apply = () => applyStack(context, terraform, { stack: "platform", allowLoss });
  try {
    await apply();
  } catch (error) {
    if (!isSecretMissing(error)) throw error;
    context.log(
      "Azure rejects a role on a secret that does not exist. The seed creates it, then the platform is applied again.",
    );
    await seedDeployment(context, target);
    await apply();
  }
}
