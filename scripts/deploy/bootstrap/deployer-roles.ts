// The roles of a deployer, and the Azure condition that limits which roles it may assign. Pure.
import { shortHash } from "../../../infra/naming.ts";
import { builtInRoles as appRoles } from "../../../infra/role-assignment.ts";
import { UNKNOWN } from "./plan.ts";

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles = {
  reader: { name: "Reader", id: "acdd72a7-3385-48ef-bd42-f606fba81ae7" },
  contributor: { name: "Contributor", id: "b24988ac-6180-42a0-ab88-20f7382dd24c" },
  accessAdministrator: {
    name: "Role Based Access Control Administrator",
    id: "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
  },
  blobContributor: { name: "Storage Blob Data Contributor", id: appRoles["Storage Blob Data Contributor"] },
  secretsOfficer: { name: "Key Vault Secrets Officer", id: appRoles["Key Vault Secrets Officer"] },
} as const;
export type Role = { readonly name: string; readonly id: string };
/** A custom role, which bootstrap creates in the subscription. */
export type RoleDefinition = {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly string[];
};

/** The roles that the stacks and seeding assign. None of them can assign roles or delete accounts. */
export const assignable: readonly Role[] = Object.entries(appRoles).map(([name, id]) => ({ name, id }));

/** A write is judged by the requested assignment, a delete by the existing one. */
const clause = (action: "write" | "delete", attributes: "@Request" | "@Resource") => {
  const attribute = (name: string) => `${attributes}[Microsoft.Authorization/roleAssignments:${name}]`;
  const ids = assignable.map(({ id }) => id).join(", ");
  return (
    `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/${action}'})) OR ` +
    `(${attribute("RoleDefinitionId")} ForAnyOfAnyValues:GuidEquals {${ids}} AND ` +
    `${attribute("PrincipalType")} ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))`
  );
};

/**
 * Permits only those roles, and only for service principals (managed identities are). A deployer cannot make itself
 * or anyone else an owner.
 * https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
 */
export const assignmentCondition = `${clause("write", "@Request")} AND ${clause("delete", "@Resource")}`;

/**
 * A deleted vault reserves its name for seven days unless it is purged, which needs a right on the subscription.
 * Production's vault has purge protection and cannot be purged.
 */
const purge = {
  name: "Vitae preview vault purger",
  description: "Purges deleted vaults, so that a preview can be created again under its name.",
  actions: [
    "Microsoft.KeyVault/locations/deletedVaults/read",
    "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    "Microsoft.KeyVault/locations/operationResults/read",
  ],
} as const satisfies RoleDefinition;

/**
 * The subscription-wide reads of Terraform: before it creates a workspace (which fails without), before it creates a
 * vault (which it recovers if it was deleted), and for Slack's connection, plus the right to use Azure's own connector.
 * Role definitions are read with each role assignment: a group's Contributor may read those of its group only.
 */
const lookUps = {
  name: "Vitae deployer look-ups",
  description:
    "Reads what Terraform needs from the subscription before it creates a workspace, a vault or a connection.",
  actions: [
    "Microsoft.OperationalInsights/deletedWorkspaces/read",
    "Microsoft.KeyVault/locations/deletedVaults/read",
    "Microsoft.Web/locations/managedApis/read",
    "Microsoft.Web/locations/managedApis/join/action",
    "Microsoft.Authorization/roleDefinitions/read",
  ],
} as const satisfies RoleDefinition;

/**
 * The custom roles of a deployer. A tenant can have several subscriptions, and role names are unique in it.
 * @param purges whether the deployer may purge vaults
 */
export function customRoles(subscriptionId: string, purges: boolean): readonly RoleDefinition[] {
  const suffix = subscriptionId === UNKNOWN ? UNKNOWN : shortHash(subscriptionId.toLowerCase(), 5);
  return (purges ? [lookUps, purge] : [lookUps]).map((role) => ({ ...role, name: `${role.name} ${suffix}` }));
}
