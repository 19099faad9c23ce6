// Logs the Azure CLI in with a fresh token of the GitHub job.

import { AUDIENCE } from "./bootstrap-plan.ts";
import { runOrThrow } from "./command.ts";
import type { DeployContext } from "./deploy-context.ts";

/**
 * Call it before each step. Azure accepts a job's token for about ten minutes, and the CLI presents the same token
 * again at its first call to storage or the vault, which comes after the platform was applied. Does nothing outside a
 * GitHub job, where a person is logged in.
 * @throws {Error} when GitHub issues no token, or Azure rejects it
 */
export async function renewLogin(
  { run, fetch }: Pick<DeployContext, "run" | "fetch">,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
  const {
    ARM_CLIENT_ID: clientId = "",
    ARM_TENANT_ID: tenantId = "",
    ARM_SUBSCRIPTION_ID: subscription = "",
  } = environment;
  if (!url || !token) return;
  const response = await fetch(`${url}&audience=${encodeURIComponent(AUDIENCE)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok)
    throw new Error(
      `GitHub issued no token (status ${response.status}): the job needs the permission "id-token: write".`,
    );
  const { value } = (await response.json()) as { value: string };
  await runOrThrow(run, [
    "az",
    [
      ...["login", "--service-principal", "--username", clientId, "--tenant", tenantId],
      ...["--federated-token", value, "--output", "none", "--only-show-errors"],
    ],
  ]);
  await runOrThrow(run, ["az", ["account", "set", "--subscription", subscription]]);
}
