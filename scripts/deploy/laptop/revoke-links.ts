// Revokes the user-delegation keys of a stage's media account, and restarts the app, which would sign with them for a day.
import { readConfig } from "../../../infra/config.ts";
import type { Stage } from "../../../infra/config-schema.ts";
import { namesOf } from "../../../infra/naming.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE, type RetryOptions, retry } from "../retry.ts";
import { explainLogin } from "./person.ts";

const options: RetryOptions = {
  timeoutMs: 5 * MINUTE,
  intervalMs: 15_000,
  retryReason: () => "Azure did not restart the app",
};

/**
 * Safe to repeat.
 * @throws {Error} when the keys cannot be revoked, or when the app does not restart within five minutes after that
 */
export async function revokeLinks(context: Pick<DeployContext, "az" | "clock" | "log">, stage: Stage): Promise<void> {
  const { az, log } = context;
  const { id: subscription } = (await az("account", "show").catch(explainLogin)) as { id: string };
  const { resourceGroup, mediaAccount, functionApp } = namesOf(stage, subscription, readConfig(stage).region);
  const group = ["--resource-group", resourceGroup, "--subscription", subscription];
  await az("storage", "account", "revoke-delegation-keys", "--name", mediaAccount, ...group);
  log(`Revoked the delegation keys of ${mediaAccount}: its links end within minutes.`);
  // Not before: an instance that starts earlier could get a key that is then revoked.
  await retry(context, () => az("functionapp", "restart", "--name", functionApp, ...group), options).catch((cause) => {
    throw new Error(
      `The keys are revoked, but ${functionApp} did not restart, so it issues links that do not open: run this again. ${cause}`,
      { cause },
    );
  });
  log(`Restarted ${functionApp}: new links are signed with a new key.`);
  // Azure does not document which keys it rejects: docs/decisions/036.
  log("Now issue a new link and open it. If it returns 403, no link works until the next UTC day: docs/runbooks.md.");
}
