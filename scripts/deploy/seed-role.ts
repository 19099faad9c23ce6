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

/** Takes away what this run has, and what a run left that was ended: a deployer has no lasting right on data. */
export async function removeSeedRoles({ az, say }: Pick<World, "az" | "say">, target: DeployTarget): Promise<void> {
  const { value } = (await az(
    "rest",
    "--method",
    "get",
    "--url",
    management(`${rowsAccount(target)}/tableRoleAssignments`),
  )) as {
    value: RowsRole[];
  };
  for (const { id, properties } of value) {
    if (properties.principalId !== target.principalId) continue;
    await az("rest", "--method", "delete", "--url", management(id));
    say(`Removed the right to write rows (${id.split("/").at(-1)}).`);
  }
  const scope = vaultOf(target);
  const secrets = (await az(
    "role",
    "assignment",
    "list",
    "--scope",
    scope,
    "--role",
    roles.secretsOfficer.id,
  )) as VaultRole[];
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
