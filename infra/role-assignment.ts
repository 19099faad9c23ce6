// Azure's built-in roles that are handed out here, and how: to one service principal, on one thing.
import { RoleAssignment } from "@cdktf/provider-azurerm/lib/role-assignment/index.js";
import type { Construct } from "constructs";

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
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
  /** Resource id of an account, a container, a vault or one of its secrets. */
  readonly on: string;
  /** Object id of the identity, never of a person: the deployer may grant to nobody else. */
  readonly to: string;
  readonly subscriptionId: string;
}

/** Gives a role. Who needs it before they can start waits for what this returns. */
export function assignRole(
  scope: Construct,
  id: string,
  { role, on, to, subscriptionId }: RoleAssignmentProps,
): RoleAssignment {
  return new RoleAssignment(scope, id, {
    scope: on,
    // As Azure answers it. Without the subscription, every apply would see a difference and replace the assignment.
    roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles[role]}`,
    principalId: to,
    principalType: "ServicePrincipal",
    // An identity made a second ago is not known everywhere yet.
    skipServicePrincipalAadCheck: true,
  });
}
