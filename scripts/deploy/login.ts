// Logs the Azure CLI in with a fresh token of the GitHub job.
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { AUDIENCE } from "./bootstrap/plan.ts";
import { CommandError, runOrThrow } from "./command.ts";
import type { DeployContext } from "./deploy-context.ts";
import { firstLine } from "./error-message.ts";
import { pause } from "./interruptible.ts";
import { MINUTE, retry } from "./retry.ts";

/** GitHub's token is valid for five minutes, and Azure tolerates five more. */
const KEEP_EVERY_MS = 4 * MINUTE;
const CALL_MS = 30_000;
/** The file of az that has the token (ServicePrincipalStore in azure-cli, auth/identity.py). */
const ENTRIES = "service_principal_entries.json";

type LoginContext = Pick<DeployContext, "run" | "fetch" | "clock" | "log">;
type Environment = Readonly<Record<string, string | undefined>>;

/** What passes later. GitHub's own client repeats such requests ten times (oidc-utils.ts in actions/toolkit). */
class NoLoginYetError extends Error {
  override name = "NoLoginYetError";
}

/**
 * Call it before each step. Azure accepts a job's token for about ten minutes, and the CLI presents the same token
 * again at its first call to storage or the vault, which comes after the platform was applied. Does nothing outside a
 * GitHub job, where a person is logged in. Retries for two minutes what is no rejection: a step that fails here, after the
 * package was replaced, rolls it back.
 * @throws {Error} when GitHub issues no token, or Azure rejects it
 */
export async function renewLogin(context: LoginContext, environment: Environment): Promise<void> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = environment;
  if (!url || !token) return;
  const attempt = async () => storeToken(context, environment, await requestToken(context, url, token));
  await retry(context, attempt, {
    timeoutMs: 2 * MINUTE,
    intervalMs: 10_000,
    retryReason: (error) => (error instanceof NoLoginYetError ? error.message : undefined),
  });
}

async function requestToken({ fetch }: LoginContext, url: string, token: string): Promise<string> {
  const response = await fetch(`${url}&audience=${encodeURIComponent(AUDIENCE)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(CALL_MS),
  }).catch((cause: Error & { cause?: { code?: string } }) => {
    const reason = cause.cause?.code ?? cause.message;
    throw new NoLoginYetError(`GitHub is unreachable for a token: ${reason}`, { cause });
  });
  if (response.status === 429 || response.status >= 500)
    throw new NoLoginYetError(`GitHub issued no token (status ${response.status})`);
  if (!response.ok)
    throw new Error(
      `GitHub issued no token (status ${response.status}): the job needs the permission "id-token: write".`,
    );
  return ((await response.json()) as { value: string }).value;
}

/**
 * Logs in apart from the login that other calls of az use at this moment, then replaces its token at once. `az login` would
 * rewrite the profile in place, and a call that reads it half-written replaces it by an empty one: no one would be logged in
 * any more (Session.load in azure-cli, _session.py; azure-cli issue 19402).
 */
async function storeToken({ run }: LoginContext, environment: Environment, token: string): Promise<void> {
  const { ARM_CLIENT_ID: clientId = "", ARM_TENANT_ID: tenantId = "", AZURE_CONFIG_DIR } = environment;
  const used = AZURE_CONFIG_DIR || join(homedir(), ".azure");
  // In the same file system.
  const fresh = mkdtempSync(join(used, "renewal-"));
  const args = [
    ...["login", "--service-principal", "--username", clientId, "--tenant", tenantId],
    ...["--federated-token", token, "--output", "none", "--only-show-errors"],
  ];
  try {
    await runOrThrow(run, ["az", args, { env: { AZURE_CONFIG_DIR: fresh } }]);
    renameSync(join(fresh, ENTRIES), join(used, ENTRIES));
  } catch (error) {
    if (isRejection(error)) throw error;
    throw new NoLoginYetError(`Azure did not respond to the login: ${firstLine(error)}`, { cause: error });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** AADSTS90033: "A transient error has occurred. Please try again." */
const isRejection = (error: unknown) =>
  !(error instanceof CommandError) || (/AADSTS/.test(error.message) && !/AADSTS90033/.test(error.message));

/**
 * Renews the login until the signal aborts, for steps that are longer than GitHub's token is accepted: az presents it
 * again whenever an access token has expired, after about an hour (AADSTS700024, azure-cli issue 28708). Does nothing
 * outside a GitHub job. Never throws: the call that lacks a login reports it.
 */
export async function keepLogin(context: LoginContext, environment: Environment, signal: AbortSignal): Promise<void> {
  if (!environment.ACTIONS_ID_TOKEN_REQUEST_URL) return;
  while (await pause(context, KEEP_EVERY_MS, signal)) await renewLogin(context, environment).catch(() => undefined);
}
