// Publishes a package through the deployment API of a Flex Consumption app, until Azure has accepted or rejected it.
import { readFile } from "node:fs/promises";
import type { DeployContext } from "../deploy-context.ts";
import { redact } from "../redact.ts";
import { MINUTE, ROLE_PROPAGATION_MS, retry } from "../retry.ts";

type ScmSite = { readonly host: string; readonly token: string };
type Deployment = { readonly status?: number; readonly status_text?: string; readonly message?: string };

/** Less than the five minutes after which fetch itself gives up waiting for a response, as if there were no connection. */
const UPLOAD_MS = 4 * MINUTE;
/** From the upload until the package is stored where new instances load it from. It takes seconds. */
const ACCEPT_MS = 5 * MINUTE;
/** The API forgets a deployment when it restarts, which can be before the first look. */
const UNKNOWN_MS = MINUTE;
const POLL_MS = 2_000;
const CALL_MS = 30_000;

/** Of the API itself: a role that is minutes old, another deployment, an API that starts. The package is not involved. */
const transientStatuses = [403, 409, 502, 503, 504];
/** The API stores the package with the app's identity, whose role on the container can be minutes old. */
const STORAGE_DENIED = /InaccessibleStorage|AuthorizationPermissionMismatch|\b403\b/;
/** As az and functions-action name them. Anything else is a deployment that goes on. */
const statuses = { cancelled: -1, failed: 3, success: 4, conflict: 5, partial: 6 } as const;

/** The same package passes later. */
class NotAcceptedYetError extends Error {
  override name = "NotAcceptedYetError";
}

/**
 * Retries for ten minutes what is known to pass, and nothing else. That Azure accepts a package does not mean that it
 * starts: /api/health shows which commit runs.
 * @throws {Error} when Azure rejects the package, or accepts it neither within a limit nor within the retries
 */
export async function publishPackage(
  context: DeployContext,
  /** Of az, which select the app. */
  app: readonly string[],
  file: string,
): Promise<void> {
  const { az } = context;
  const content = new Uint8Array(await readFile(file));
  const publish = async () => {
    const repository = "(properties.hostNameSslStates || hostNameSslStates)[?hostType=='Repository'].name | [0]";
    const host = await az("functionapp", "show", ...app, "--query", repository);
    if (typeof host !== "string") throw new Error("The app has no deployment API: its host names have no Repository.");
    // Of the login, as az itself sends it: publishing passwords are disabled.
    const token = String(await az("account", "get-access-token", "--query", "accessToken"));
    await publishOnce(context, { host, token }, content);
  };
  await retry(context, publish, {
    timeoutMs: ROLE_PROPAGATION_MS,
    intervalMs: 30_000,
    retryReason: (error) => (error instanceof NotAcceptedYetError ? error.message : undefined),
  });
}

async function publishOnce(context: DeployContext, site: ScmSite, content: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await upload(context, site, content);
  const text = (await response.text()).trim();
  const received = `The deployment API returned ${response.status}: ${redact(text).slice(0, 500) || "(no text)"}`;
  if (transientStatuses.includes(response.status)) throw new NotAcceptedYetError(received);
  if (response.status === 200) return;
  if (response.status !== 202) throw new Error(`Azure rejected the package. ${received}`);
  const id = text.replaceAll('"', "");
  await waitUntilAccepted(context, site, /^[\w-]+$/.test(id) ? id : "latest");
}

async function upload({ fetch }: DeployContext, { host, token }: ScmSite, content: Uint8Array<ArrayBuffer>) {
  try {
    return await fetch(`https://${host}/api/publish?RemoteBuild=false&Deployer=vitae`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/zip", "cache-control": "no-cache" },
      body: content,
      signal: AbortSignal.timeout(UPLOAD_MS),
    });
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string } };
    if (name === "TimeoutError")
      throw new Error(`The deployment API did not take the package within ${UPLOAD_MS / MINUTE} minutes.`);
    // No connection, such as the name of an app that is a minute old. A second upload has the same result.
    if (cause?.code) throw new NotAcceptedYetError(`${host} is unreachable: ${cause.code}`);
    throw new Error(`The package was not uploaded: ${message}`);
  }
}

async function waitUntilAccepted(context: DeployContext, site: ScmSite, id: string): Promise<void> {
  const { clock } = context;
  const start = clock.now();
  let wasSeen = false;
  while (clock.now() < start + ACCEPT_MS) {
    await clock.sleep(POLL_MS);
    const deployment = await readDeployment(context, site, id);
    // It restarts once it has stored a package. Whether the new code runs is seen by its commit.
    if (deployment === "unknown" && (wasSeen || clock.now() >= start + UNKNOWN_MS)) return;
    if (deployment === undefined || deployment === "unknown" || deployment.status === undefined) continue;
    wasSeen = true;
    const text = redact(deployment.status_text || deployment.message || "(no text)").slice(0, 500);
    switch (deployment.status) {
      case statuses.success:
      // "Kudu has been restarted after package deployed" (azure-cli issue 33184).
      case statuses.partial:
        return;
      case statuses.failed:
        if (STORAGE_DENIED.test(text)) throw new NotAcceptedYetError(`Azure could not store the package: ${text}`);
        throw new Error(`Azure rejected the package: ${text}`);
      case statuses.conflict:
      case statuses.cancelled:
        throw new NotAcceptedYetError(`Another deployment is in progress: ${text}`);
    }
  }
  throw new Error(`Azure neither accepted nor rejected the package within ${ACCEPT_MS / MINUTE} minutes.`);
}

/** Returns undefined for a response that says nothing: the API restarts while it deploys. */
async function readDeployment(
  { fetch }: DeployContext,
  { host, token }: ScmSite,
  id: string,
): Promise<Deployment | "unknown" | undefined> {
  try {
    const response = await fetch(`https://${host}/api/deployments/${id}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(CALL_MS),
    });
    if (response.status === 404) return "unknown";
    return response.ok ? ((await response.json()) as Deployment) : undefined;
  } catch {
    return undefined;
  }
}
