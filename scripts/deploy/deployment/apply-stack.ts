// Plans and applies the stacks, and retries what Azure needs time for.
import type { DeployContext } from "../deploy-context.ts";
import { firstLine, messageOf } from "../error-message.ts";
import { MINUTE, retry } from "../retry.ts";
import type { DeployTarget } from "../target.ts";
import { seedDeployment } from "./seed-deployment.ts";
import type { RunStep } from "./steps.ts";
import type { Stack, Terraform } from "./terraform-cli.ts";

type ApplyOptions = {
  /** Applies a plan that deletes or replaces resources that hold data. */
  readonly allowLoss: boolean;
};

/**
 * Whether the budget failed and nothing else. Terraform goes on with what does not depend on a failed resource, and names
 * the resource of each error.
 */
function isBudgetOnly(error: unknown): boolean {
  const text = messageOf(error);
  const errors = [...text.matchAll(/^Error: /gm)];
  const failed = [...text.matchAll(/^ {2}with (\S+),$/gm)].map(([, address]) => String(address));
  return (
    failed.length > 0 &&
    failed.length === errors.length &&
    failed.every((address) => address.startsWith("azurerm_consumption_budget_resource_group."))
  );
}

/**
 * A budget that Azure rejects stops nothing: a new subscription has none for up to two days, some offers never.
 * https://learn.microsoft.com/azure/cost-management-billing/costs/understand-cost-mgt-data
 * @throws {Error} when the plan would lose data and that is not allowed, or Terraform fails
 */
async function applyStack(
  { log }: Pick<DeployContext, "log">,
  terraform: Terraform,
  { stack, allowLoss }: ApplyOptions & { readonly stack: Stack },
): Promise<void> {
  const { lines, losses } = await terraform.plan(stack);
  for (const line of lines) log(line);
  if (losses.length > 0 && !allowLoss)
    throw new Error(
      `The plan of ${stack} would lose data (${losses.join(", ")}), so it was not applied. To apply it, run the workflow by hand with "allow loss", or npm run deploy with --allow-loss.`,
    );
  try {
    await terraform.apply(stack);
  } catch (error) {
    if (!isBudgetOnly(error)) throw error;
    log(
      `::warning::Azure rejected the budget, so nothing reports a high bill. The next deployment tries again: a new subscription has no budgets for up to two days. If its offer never has, set alerts.budget.enabled to false. ${firstLine(error)}`,
    );
  }
}

/** Terraform's error for a role on a secret that does not exist: Azure's code, and the resource that failed. */
const isSecretMissing = (error: unknown) =>
  /NotFound/.test(String(error)) && /azurerm_role_assignment\.\S*signing-keys/.test(String(error));

/**
 * azurerm's errors for an account that an earlier run began to create: Azure had no capacity, and the account is not in the
 * state (its resource ignores persist_id_on_create_before_polling_for_completion).
 */
const isAccountOutsideOfState = (error: unknown) =>
  /cosmosdb_account|CosmosDB Account/.test(String(error)) && /already exists/.test(String(error));

/** Applies the platform, with advice for what only a person may do: an account outside of the state may have data. */
export async function applyPlatform(
  context: DeployContext,
  terraform: Terraform,
  options: ApplyOptions & { readonly target: DeployTarget },
): Promise<void> {
  try {
    await applyOrSeed(context, terraform, options);
  } catch (error) {
    if (!isAccountOutsideOfState(error)) throw error;
    const { cosmosAccount, resourceGroup } = options.target.names;
    throw new Error(
      [
        `The Cosmos DB account ${cosmosAccount} exists and is not in the Terraform state: Azure did not finish creating it, mostly because ${options.target.config.region} has no capacity. If it is new and empty, delete it and deploy again, or choose another region with npm run bootstrap -- --region REGION:`,
        `  az cosmosdb delete --name ${cosmosAccount} --resource-group ${resourceGroup} --yes`,
        String(error),
      ].join("\n"),
      { cause: error },
    );
  }
}

/**
 * Applies the platform. If Azure rejects the role on `signing-keys` because the secret does not exist, seed-entity creates
 * it first: Terraform has created the vault and the tables by then, and the app, which depends on the role, not yet.
 * Microsoft does not document whether a role may precede its secret (docs/decisions/015).
 * @throws {Error} as `applyStack`, also when the second apply fails
 */
async function applyOrSeed(
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

/**
 * The words of Event Grid when the address does not respond to its handshake: "Url validation: Webhook validation handshake
 * failed for https://…. Http POST request failed with response code Unknown", in older API versions "The attempt to validate
 * the provided endpoint … failed".
 */
const HANDSHAKE = /validation handshake|Url validation|attempt to validate the provided endpoint/i;

/**
 * Event Grid tries its handshake once, and the function that responds has no instance yet after a deployment. So the stack is
 * planned and applied again for ten minutes. The plan too: Terraform replaces a subscription whose creation failed.
 * @throws {Error} as `applyStack`
 */
export async function applyEvents(context: DeployContext, terraform: Terraform, { allowLoss }: ApplyOptions) {
  await retry(context, () => applyStack(context, terraform, { stack: "events", allowLoss }), {
    timeoutMs: 10 * MINUTE,
    intervalMs: 30_000,
    // Terraform breaks long lines.
    retryReason: (error) =>
      HANDSHAKE.test(String(error).replaceAll(/\s+/g, " "))
        ? "The app did not respond to Event Grid's handshake"
        : undefined,
  });
}

/**
 * Plans both stacks once more. A plan that is not empty after an apply shows a value that Azure changes or does not return,
 * which the next plan would change again. Never throws: the deployment has succeeded.
 */
export async function warnOfChanges({ log }: DeployContext, terraform: Terraform, step: RunStep): Promise<void> {
  for (const stack of ["platform", "events"] as const)
    try {
      const lines = await step(`plan ${stack} again`, () => terraform.findChanges(stack));
      if (lines.length === 0) continue;
      for (const line of lines) log(line);
      const changes = lines.map((line) => line.trim()).join(", ");
      log(`::warning::A second plan of ${stack} is not empty: ${changes}`);
    } catch (error) {
      log(`::warning::The second plan of ${stack} failed: ${firstLine(error)}`);
    }
}
