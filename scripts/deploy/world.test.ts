// Which refusals pass with time, in the words of those who refuse.
import { expect, it } from "vitest";
import { refusedForNow } from "./world.ts";

it.each([
  'Key Vault failed for the secret "signing-keys": Caller is not authorized to perform action on resource.',
  "The table failed: Request blocked by Auth vitae : Request is blocked because principal [1] does not have required RBAC permissions to perform action [x] on resource [y].",
  "You do not have the required permissions needed to perform this operation.",
  "(AuthorizationFailed) The client does not have authorization to perform action",
  "This request is not authorized to perform this operation using this permission. ErrorCode:AuthorizationPermissionMismatch",
])("waits after: %s", (text) => {
  expect(refusedForNow(new Error(text))).toContain("Refused");
});

it.each([
  "The settings have 1 issue(s):",
  "The owner's password must have at least 12 characters, received 3.",
  "The table failed: connect ECONNREFUSED 10.0.4.03:443",
  'The secret "signing-keys" is deleted but still held: recover or purge it first.',
])("does not wait after: %s", (text) => {
  expect(refusedForNow(new Error(text))).toBeUndefined();
});
