// Logs az in with a fresh token of the job. GitHub's last minutes, and az asks for each service only when it needs it.

import { AUDIENCE } from "./bootstrap-plan.ts";
import { runOrThrow } from "./command.ts";
import type { World } from "./world.ts";

/**
 * Azure takes a job's token for about ten minutes. az keeps it and shows it again when it first talks to storage or the
 * vault, which is after the platform was applied; so each step begins with a new one. At a terminal nothing happens:
 * there the login is a person's.
 */
export async function renewLogin(
  { run, fetch }: Pick<World, "run" | "fetch">,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
  const {
    ARM_CLIENT_ID: clientId = "",
    ARM_TENANT_ID: tenantId = "",
    ARM_SUBSCRIPTION_ID: subscription = "",
  } = environment;
  if (!url || !token) return;
  const answer = await fetch(`${url}&audience=${encodeURIComponent(AUDIENCE)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`GitHub gave no token: it answered ${answer.status}. Has the job "id-token: write"?`);
  const { value } = (await answer.json()) as { value: string };
  await runOrThrow(run, [
    "az",
    [
      ...["login", "--service-principal", "--username", clientId, "--tenant", tenantId],
      ...["--federated-token", value, "--output", "none", "--only-show-errors"],
    ],
  ]);
  await runOrThrow(run, ["az", ["account", "set", "--subscription", subscription]]);
}
