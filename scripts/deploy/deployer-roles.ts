// What a deployer may do: the roles it has, and the only roles it may give, as Azure's condition says it. Pure.

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles = {
  contributor: { name: "Contributor", id: "b24988ac-6180-42a0-ab88-20f7382dd24c" },
  accessAdministrator: {
    name: "Role Based Access Control Administrator",
    id: "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
  },
  blobContributor: { name: "Storage Blob Data Contributor", id: "ba92f5b4-2d11-453d-a403-e96b0029c9fe" },
  secretsOfficer: { name: "Key Vault Secrets Officer", id: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7" },
} as const;
export type Role = { readonly name: string; readonly id: string };

/** All that the stacks assign, and what seeding needs for its minutes. Nothing here gives roles on or deletes accounts. */
export const assignable: readonly Role[] = [
  { name: "Storage Blob Data Owner", id: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b" },
  roles.blobContributor,
  { name: "Storage Blob Delegator", id: "db58b8e5-c6ad-4a2a-8342-4190687cbf4a" },
  { name: "Storage Queue Data Contributor", id: "974c5e8b-45b9-4653-ba55-5f855dd0fb88" },
  { name: "Storage Table Data Contributor", id: "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3" },
  { name: "Key Vault Secrets User", id: "4633458b-17de-408a-b874-0445c86b69e6" },
  roles.secretsOfficer,
  { name: "Monitoring Metrics Publisher", id: "3913510d-42f4-4e42-8a64-420c390055eb" },
];

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
  actions: [
    "Microsoft.KeyVault/locations/deletedVaults/read",
    "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    "Microsoft.KeyVault/locations/operationResults/read",
  ],
} as const;
