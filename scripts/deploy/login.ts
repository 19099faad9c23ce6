// Logs the Azure CLI in with a fresh token of the GitHub job.

import { AUDIENCE } from "./bootstrap/plan.ts";
import { runOrThrow } from "./command.ts";
import type { DeployContext } from "./deploy-context.ts";
import { pause } from "./interruptible.ts";
import { MINUTE } from "./retry.ts";

/** GitHub's token is valid for five minutes, and Azure tolerates five more. */
const KEEP_EVERY_MS = 4 * MINUTE;

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

/**
 * Renews the login until the signal aborts, for steps that are longer than GitHub's token is accepted: az presents it
 * again whenever an access token has expired, after about an hour (AADSTS700024, azure-cli issue 28708). Does nothing
 * outside a GitHub job. Never throws: the call that lacks a login reports it.
 */
export async function keepLogin(
  context: Pick<DeployContext, "run" | "fetch" | "clock">,
  environment: Parameters<typeof renewLogin>[1],
  signal: AbortSignal,
): Promise<void> {
  if (!environment.ACTIONS_ID_TOKEN_REQUEST_URL) return;
  while (await pause(context, KEEP_EVERY_MS, signal)) await renewLogin(context, environment).catch(() => undefined);
}
