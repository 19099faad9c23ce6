// Data roles of who deploys that exist only while seed-entity runs: assigned before it and removed after it.
import { createHash } from "node:crypto";
import { roles } from "../bootstrap/deployer-roles.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE, retry } from "../retry.ts";
import { type DeployTarget, resourceId } from "../target.ts";

const COSMOS_API = "2026-03-15";
/** Azure's built-in Cosmos DB for Table role with all actions on rows. */
const DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002";
/** Begins the description of each Key Vault assignment, so that later runs recognize it. */
const MARK = "vitae seed of run";

type TableRoleAssignment = { readonly id: string; readonly properties: { readonly principalId: string } };
type VaultRoleAssignment = { readonly id: string; readonly principalId: string; readonly description: string | null };
type AzContext = Pick<DeployContext, "az" | "log" | "clock">;

/** The run id as a GUID, as assignment names must be. */
function guidOf(runId: string): string {
  const hex = createHash("sha256").update(`${MARK} ${runId}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const management = (path: string) => `https://management.azure.com${path}?api-version=${COSMOS_API}`;
const tableAccountOf = (target: DeployTarget) =>
  resourceId(target, "Microsoft.DocumentDB/databaseAccounts", target.names.cosmosAccount);
const vaultOf = (target: DeployTarget) => resourceId(target, "Microsoft.KeyVault/vaults", target.names.vault);

/**
 * Creates or deletes a role assignment of the account. Cosmos DB makes one change at a time, the deletion after a short seed
 * may meet the creation, and the next one fails with 412: https://github.com/hashicorp/terraform-provider-azurerm/issues/15842
 */
const changeTableRole = (context: AzContext, method: "put" | "delete", url: string, ...args: string[]) =>
  retry(context, () => context.az("rest", "--method", method, "--url", url, ...args), {
    timeoutMs: 5 * MINUTE,
    intervalMs: 15_000,
    retryReason: (error) =>
      /exclusive lock/.test(String(error)) ? "Cosmos DB makes another change of the account" : undefined,
  });

/** Returns `empty` while the stage does not exist yet. */
async function listOr<T>(list: Promise<unknown>, empty: T): Promise<T> {
  try {
    return (await list) as T;
  } catch (error) {
    if (/NotFound/.test(String(error))) return empty;
    throw error;
  }
}

/**
 * Removes the data roles of this run and of earlier runs that were interrupted.
 * @throws {AggregateError} of the removals that failed, after all were tried
 */
export async function removeTemporaryDataRoles(context: AzContext, target: DeployTarget): Promise<void> {
  const results = await Promise.allSettled([removeTableRoles(context, target), removeVaultRoles(context, target)]);
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (errors.length > 0)
    throw new AggregateError(
      errors,
      `A temporary data role of the deployer was not removed; remove it by hand. ${errors.map(String).join("\n")}`,
    );
}

async function removeTableRoles(context: AzContext, target: DeployTarget): Promise<void> {
  const { az, log } = context;
  const url = management(`${tableAccountOf(target)}/tableRoleAssignments`);
  const { value } = await listOr(az("rest", "--method", "get", "--url", url), { value: [] as TableRoleAssignment[] });
  for (const { id, properties } of value) {
    if (properties.principalId !== target.operator.objectId) continue;
    await changeTableRole(context, "delete", management(id));
    log(`Removed the temporary table role (${id.split("/").at(-1)}).`);
  }
}

async function removeVaultRoles({ az, log }: AzContext, target: DeployTarget): Promise<void> {
  const list = ["role", "assignment", "list", "--scope", vaultOf(target), "--role", roles.secretsOfficer.id];
  for (const { id, principalId, description } of await listOr(az(...list), [] as VaultRoleAssignment[])) {
    if (principalId !== target.operator.objectId || !description?.startsWith(MARK)) continue;
    await az("role", "assignment", "delete", "--ids", id);
    log(`Removed the temporary vault role (${description}).`);
  }
}

/**
 * Assigns the roles, runs the work, and removes the roles whether or not the work succeeds.
 * @throws {Error} of the work first: a role that is left then is logged, and the next run removes it
 */
export async function withTemporaryDataRoles<T>(
  context: DeployContext,
  target: DeployTarget,
  work: () => Promise<T>,
): Promise<T> {
  const { az, log } = context;
  await removeTemporaryDataRoles(context, target);
  let result: T;
  try {
    const account = tableAccountOf(target);
    const properties = {
      roleDefinitionId: `${account}/tableRoleDefinitions/${DATA_CONTRIBUTOR}`,
      scope: account,
      principalId: target.operator.objectId,
    };
    const url = management(`${account}/tableRoleAssignments/${guidOf(target.runId)}`);
    await changeTableRole(context, "put", url, "--body", JSON.stringify({ properties }));
    // A person may assign roles to managed identities only, and has this one already.
    if (target.operator.type === "ServicePrincipal")
      await az(
        ...["role", "assignment", "create", "--assignee-object-id", target.operator.objectId],
        ...["--assignee-principal-type", target.operator.type, "--role", roles.secretsOfficer.id],
        ...["--scope", vaultOf(target), "--description", `${MARK} ${target.runId}`],
      );
    log("Assigned the temporary roles on tables and vault to who deploys.");
    result = await work();
  } catch (error) {
    await removeTemporaryDataRoles(context, target).catch((left: Error) => log(`::warning::${left.message}`));
    throw error;
  }
  await removeTemporaryDataRoles(context, target);
  return result;
}
