// What a deployer may do: the roles it has, and the only roles it may give, as Azure's condition says it. Pure.
import { roles as appRoles } from "../../infra/roles.ts";

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles = {
  contributor: { name: "Contributor", id: "b24988ac-6180-42a0-ab88-20f7382dd24c" },
  accessAdministrator: {
    name: "Role Based Access Control Administrator",
    id: "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
  },
  blobContributor: { name: "Storage Blob Data Contributor", id: appRoles["Storage Blob Data Contributor"] },
  secretsOfficer: { name: "Key Vault Secrets Officer", id: appRoles["Key Vault Secrets Officer"] },
} as const;
export type Role = { readonly name: string; readonly id: string };

/** All that the stacks assign, and what seeding needs for its minutes: none of them gives roles, or deletes accounts. */
export const assignable: readonly Role[] = Object.entries(appRoles).map(([name, id]) => ({ name, id }));

/** Of giving a role the request tells which; of taking one away, what stands does. */
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
 * Only those roles, only to service principals, which identities are: a deployer cannot make anybody, itself
 * included, owner of anything.
 * https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
 */
export const assignmentCondition = `${clause("write", "@Request")} AND ${clause("delete", "@Resource")}`;

/**
 * A vault that is destroyed keeps its name for seven days, unless it is purged, which only the subscription permits.
 * Production's cannot be: its vault has purge protection.
 */
export const purgeRole = {
  name: "Vitae preview vault purger",
  description: "Purges deleted vaults, so that a preview can be made again under its name.",
  actions: [
    "Microsoft.KeyVault/locations/deletedVaults/read",
    "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    "Microsoft.KeyVault/locations/operationResults/read",
  ],
} as const;

/**
 * What Terraform asks the subscription before it makes a workspace (which fails without), a vault (which it then brings
 * back, if it was deleted), and Slack's connection. Reads, and the right to use Azure's own connector.
 */
export const lookupRole = {
  name: "Vitae deployer look-ups",
  description: "Asks the subscription what Terraform asks before it makes a workspace, a vault or a connection.",
  actions: [
    "Microsoft.OperationalInsights/deletedWorkspaces/read",
    "Microsoft.KeyVault/locations/deletedVaults/read",
    "Microsoft.Web/locations/managedApis/read",
    "Microsoft.Web/locations/managedApis/join/action",
  ],
} as const;
