// The right to write rows and secrets, for the minutes of seeding: given, used, and taken away whatever happens.
import { createHash } from "node:crypto";
import { roles } from "./deployer-roles.ts";
import { type DeployTarget, resourceId } from "./target.ts";
import type { World } from "./world.ts";

const NATIVE_API = "2026-03-15";
/** Azure's own role for the data of a Table account: all that can be done to rows. */
const DATA_CONTRIBUTOR = "00000000-0000-0000-0000-000000000002";
const MARK = "vitae seed of run";

type RowsRole = { readonly id: string; readonly properties: { readonly principalId: string } };
type VaultRole = { readonly id: string; readonly principalId: string; readonly description: string | null };

/** The run's id as a GUID, which names of assignments must be. */
function guidOf(runId: string): string {
  const hex = createHash("sha256").update(`${MARK} ${runId}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const management = (path: string) => `https://management.azure.com${path}?api-version=${NATIVE_API}`;
const rowsAccount = (target: DeployTarget) =>
  resourceId(target, "Microsoft.DocumentDB/databaseAccounts", target.names.cosmosAccount);
const vaultOf = (target: DeployTarget) => resourceId(target, "Microsoft.KeyVault/vaults", target.names.vault);

/** What a stage that does not stand yet lists. */
async function listed<T>(list: Promise<unknown>, nothing: T): Promise<T> {
  try {
    return (await list) as T;
  } catch (error) {
    if (/NotFound/.test(String(error))) return nothing;
    throw error;
  }
}

/**
 * Takes away what this run has, and what a run left that was ended: a deployer has no lasting right on data.
 * @throws {AggregateError} of what could not be taken away, after all was tried
 */
export async function removeSeedRoles(world: Pick<World, "az" | "say">, target: DeployTarget): Promise<void> {
  const outcomes = await Promise.allSettled([removeRowsRoles(world, target), removeSecretsRoles(world, target)]);
  const faults = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (faults.length > 0)
    throw new AggregateError(faults, `THE DEPLOYER KEEPS A RIGHT ON DATA: ${faults.map(String).join("\n")}`);
}

async function removeRowsRoles({ az, say }: Pick<World, "az" | "say">, target: DeployTarget): Promise<void> {
  const url = management(`${rowsAccount(target)}/tableRoleAssignments`);
  const { value } = await listed(az("rest", "--method", "get", "--url", url), { value: [] as RowsRole[] });
  for (const { id, properties } of value) {
    if (properties.principalId !== target.principalId) continue;
    await az("rest", "--method", "delete", "--url", management(id));
    say(`Removed the right to write rows (${id.split("/").at(-1)}).`);
  }
}

async function removeSecretsRoles({ az, say }: Pick<World, "az" | "say">, target: DeployTarget): Promise<void> {
  const list = ["role", "assignment", "list", "--scope", vaultOf(target), "--role", roles.secretsOfficer.id];
  const secrets = await listed(az(...list), [] as VaultRole[]);
  for (const { id, principalId, description } of secrets) {
    if (principalId !== target.principalId || !description?.startsWith(MARK)) continue;
    await az("role", "assignment", "delete", "--ids", id);
    say(`Removed the right to write secrets (${description}).`);
  }
}

export async function withSeedRoles<T>(world: World, target: DeployTarget, work: () => Promise<T>): Promise<T> {
  const { az, say } = world;
  await removeSeedRoles(world, target);
  try {
    const account = rowsAccount(target);
    const properties = {
      roleDefinitionId: `${account}/tableRoleDefinitions/${DATA_CONTRIBUTOR}`,
      scope: account,
      principalId: target.principalId,
    };
    const url = management(`${account}/tableRoleAssignments/${guidOf(target.runId)}`);
    await az("rest", "--method", "put", "--url", url, "--body", JSON.stringify({ properties }));
    await az(
      ...["role", "assignment", "create", "--assignee-object-id", target.principalId],
      ...["--assignee-principal-type", "ServicePrincipal", "--role", roles.secretsOfficer.id],
      ...["--scope", vaultOf(target), "--description", `${MARK} ${target.runId}`],
    );
    say("Gave the deployer the right to write rows and secrets.");
    return await work();
  } finally {
    await removeSeedRoles(world, target);
  }
}
