// The function app in Azure: deploys a package to it, waits for the new commit and the event key, and runs verify.
import { join } from "node:path";
import { createAz } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { redact } from "../redact.ts";
import { MINUTE, retry } from "../retry.ts";
import type { DeployTarget } from "../target.ts";
import { publishPackage } from "./publish-package.ts";

/** Telemetry arrives after up to ten minutes, a thumbnail of a group that has no instance after minutes. */
const VERIFY_MS = 20 * MINUTE;
/** The function has no instance at first, and Event Grid repeats after 10 and 30 s. Less than the timer waits for an event. */
const THUMBNAIL_S = 290;
/** From the moment that Azure has accepted a package until it responds. az gives up after half of it. */
export const START_MS = 3 * MINUTE;
const VERIFY = join(import.meta.dirname, "..", "..", "..", "verify", "main.ts");

class NotReadyError extends Error {
  override name = "NotReadyError";
}
/**
 * Azure asks the app's host for its keys, and reports a host that starts as a bad request: "Encountered an error
 * (ServiceUnavailable) from host runtime" (azure-cli issue 20892), which az shortens.
 */
const HOST_STARTS = /from host runtime|invalid status 'Bad (?:Request|Gateway)'/;
const notReadyReason = (error: unknown) => (error instanceof NotReadyError ? error.message : undefined);

export function createApp(context: DeployContext, { names, stage, config }: DeployTarget) {
  const { az } = context;
  const app = ["--resource-group", names.resourceGroup, "--name", names.functionApp];
  const limitedAz = createAz(context.run, 2 * MINUTE);
  const url = async () =>
    `https://${await limitedAz("functionapp", "show", ...app, "--query", "properties.defaultHostName || defaultHostName")}`;

  const siteUrl = async () =>
    String(
      await limitedAz(
        ...["storage", "account", "show", "--resource-group", names.resourceGroup, "--name", names.siteAccount],
        ...["--query", "primaryEndpoints.web"],
      ),
    );

  const workspaceId = async () => {
    const workspace = ["--resource-group", names.resourceGroup, "--workspace-name", names.workspace];
    return String(await az("monitor", "log-analytics", "workspace", "show", ...workspace, "--query", "customerId"));
  };

  /** Returns whether the running code has created the key of its event webhook. Does not read the key. */
  const hasEventKey = async () =>
    (await az("functionapp", "keys", "list", ...app, "--query", "systemKeys.blobs_extension != null")) === true;

  return {
    hasEventKey,
    /** Base address of the API. */
    url,
    /** Address of the static website, with a slash at its end. */
    siteUrl,
    /** @throws {Error} as `publishPackage` */
    deploy: (file: string) => publishPackage(context, app, file),
    /** @throws {Error} when /api/health does not return the commit within that time */
    async waitFor(commit: string, timeoutMs: number): Promise<void> {
      const address = `${await url()}/api/health`;
      const checkCommit = async () => {
        const received = await context
          .fetch(address, { signal: AbortSignal.timeout(30_000) })
          .then(async (response) => ((await response.json()) as { commit?: string }).commit)
          .catch((error: Error) => error.message);
        if (received !== commit)
          throw new NotReadyError(`${address} does not return commit ${commit} yet. Received: ${received}`);
      };
      await retry(context, checkCommit, { timeoutMs, intervalMs: 10_000, retryReason: notReadyReason });
    },
    /** @throws {Error} when the key does not exist within five minutes */
    async waitForEventKey(): Promise<void> {
      const checkKey = async () => {
        const isCreated = await hasEventKey().catch((error: Error) => {
          throw HOST_STARTS.test(error.message) ? new NotReadyError(error.message) : error;
        });
        if (!isCreated) throw new NotReadyError("The app has not created the key of its event webhook yet");
      };
      await retry(context, checkKey, { timeoutMs: 5 * MINUTE, intervalMs: 15_000, retryReason: notReadyReason });
    },
    /**
     * Runs verify, and shows its output as it comes.
     * @param token of an editor, for the checks of images; without one they do not run
     */
    async verify(commit: string, token: string | undefined): Promise<{ passed: boolean; text: string }> {
      // The website's origin is computed, so it is the one to check.
      const origin = config.site.enabled ? (await siteUrl()).replace(/\/$/, "") : (config.origins[0] ?? "");
      const flags = ["--url", await url(), "--commit", commit, "--allowed-origin", origin];
      // The telemetry checks wait minutes for data, so only production runs them.
      if (stage === "production") flags.push("--production", "--workspace", await workspaceId());
      if (token !== undefined) flags.push("--require-token", "--thumbnail-within", String(THUMBNAIL_S));
      const { code, stdout, stderr } = await context.run(process.execPath, [VERIFY, ...flags], {
        show: true,
        timeoutMs: VERIFY_MS,
        // Not a flag, which other users of the machine can read.
        ...(token !== undefined && { env: { VERIFY_TOKEN: token } }),
      });
      return { passed: code === 0, text: redact(stdout + stderr) };
    },
  };
}
export type App = ReturnType<typeof createApp>;
