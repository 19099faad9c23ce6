// Assigns Azure's built-in roles to service principals.
import { RoleAssignment } from "@cdktf/provider-azurerm/lib/role-assignment/index.js";
import type { ITerraformDependable } from "cdktf/lib/terraform-dependable.js";
import type { Construct } from "constructs";

/**
 * The roles that a deployer may assign: those of the stacks. Secrets Officer it also gives itself while it seeds.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */
export const builtInRoles = {
  "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "Storage Blob Delegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
  "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
  "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
  "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
  "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
  "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
} as const;
export type Role = keyof typeof builtInRoles;

export interface RoleAssignmentProps {
  readonly role: Role;
  /** Resource id of an account, a container, a vault or a secret. */
  readonly scopeId: string;
  /** Object id of a managed identity. The deployer may not assign roles to people. */
  readonly principalId: string;
  readonly subscriptionId: string;
  /** What creates the scope, if the scope's id does not refer to it. @default none */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Assigns the role. A resource that needs the role to start depends on the returned assignment. */
export function assignRole(
  scope: Construct,
  id: string,
  { role, scopeId, principalId, subscriptionId, dependsOn = [] }: RoleAssignmentProps,
): RoleAssignment {
  return new RoleAssignment(scope, id, {
    ...(dependsOn.length > 0 && { dependsOn: [...dependsOn] }),
    scope: scopeId,
    // In the form that Azure returns. Without the subscription, every apply would replace the assignment.
    roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles[role]}`,
    principalId,
    principalType: "ServicePrincipal",
    // A new identity takes time to propagate.
    skipServicePrincipalAadCheck: true,
  });
}
