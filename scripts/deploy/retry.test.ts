// Which errors count as permissions that have not propagated yet, in the words of the services.
import { expect, it } from "vitest";
import { permissionRetryReason } from "./retry.ts";

it.each([
  'Key Vault failed for the secret "signing-keys": Caller is not authorized to perform action on resource.',
  "The table failed: Request blocked by Auth vitae : Request is blocked because principal [1] does not have required RBAC permissions to perform action [x] on resource [y].",
  "You do not have the required permissions needed to perform this operation.",
  "(AuthorizationFailed) The client does not have authorization to perform action",
  "This request is not authorized to perform this operation using this permission. ErrorCode:AuthorizationPermissionMismatch",
])("permissionRetryReason retries: %s", (text) => {
  expect(permissionRetryReason(new Error(text))).toContain("Permission denied");
});

it.each([
  "The settings have 1 issue(s):",
  "The owner's password must have at least 12 characters, received 3.",
  "The table failed: connect ECONNREFUSED 10.0.4.03:443",
  'The secret "signing-keys" is deleted but still held: recover or purge it first.',
])("permissionRetryReason does not retry: %s", (text) => {
  expect(permissionRetryReason(new Error(text))).toBeUndefined();
});
