// Runs seed-entity against a deployment, with the Azure CLI's login.
import { join } from "node:path";
import { OWNER_ID } from "../../../functions/lib/access/roster.ts";
import type { AppSettings } from "../../../functions/lib/settings-schema.ts";
import { tablesEndpoint } from "../../../infra/naming.ts";
import { runOrThrow } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { retryWhileDenied } from "../retry.ts";
import type { DeployTarget } from "../target.ts";
import { phases } from "./deadline.ts";
import { mintToken } from "./mint-token.ts";
import { withTemporaryDataRoles } from "./temporary-data-roles.ts";

/** The environment of seed-entity. */
export function seedSettings({ stage, names, config, clientId }: DeployTarget): Record<string, string> {
  const settings: AppSettings = {
    STAGE: stage,
    TABLES_ENDPOINT: tablesEndpoint(names),
    VAULT_URI: `https://${names.vault}.vault.azure.net/`,
    MEDIA__blobServiceUri: `https://${names.mediaAccount}.blob.core.windows.net/`,
    SITE_BLOB_ENDPOINT: `https://${names.siteAccount}.blob.core.windows.net/`,
    // The host name of the website has a zone that Azure chooses, and the seed does not use it.
    SITE_URL: `https://${names.siteAccount}.web.core.windows.net/`,
    PAGES: config.pages.join(","),
    SITE_TIME_ZONE: config.timeZone,
    // The settings of a deployment require a client id; seed-entity runs as the deployer.
    AZURE_CLIENT_ID: clientId,
  };
  return {
    ...(settings as Record<string, string>),
    AZURE_TOKEN_CREDENTIALS: "AzureCliCredential",
    OWNER_EMAIL: config.ownerEmail,
  };
}

const SEED_ENTITY = join(import.meta.dirname, "..", "..", "..", "seed-entity", "main.ts");

/** Lines of seed-entity. */
const UNUSABLE_OWNER = new RegExp(`user "${OWNER_ID}": (?:not created|already exists, and is disabled)`);
/** From the seed to the end of a rollback. */
const TOKEN_S = (phases.deploy + phases.rollBack) * 60;

/**
 * @returns a token for verify, which is minted while the deployer may read the signing keys; undefined when the user `owner`
 *   may not write images
 * @throws {CommandError} when seed-entity fails; a denied permission is retried for ten minutes first
 */
export async function seedDeployment(
  context: DeployContext,
  target: DeployTarget,
  startAt?: string,
): Promise<string | undefined> {
  const args = [SEED_ENTITY, ...(startAt === undefined ? [] : ["--start-at", startAt])];
  return withTemporaryDataRoles(context, target, async () => {
    const text = await retryWhileDenied(context, () =>
      runOrThrow(context.run, [process.execPath, args, { env: seedSettings(target) }]),
    );
    for (const line of text.trim().split("\n")) context.log(line);
    // The account can have been restored after the first of these lines.
    if (UNUSABLE_OWNER.test(text) && !text.includes("with role owner and state active")) {
      context.log(
        `::warning::The images are not checked, as the user "${OWNER_ID}" was deleted, disabled or made a viewer.`,
      );
      return undefined;
    }
    const { az } = context;
    const { config, names } = target;
    // Images need no more than an editor.
    return retryWhileDenied(context, () =>
      mintToken({ az, vaultName: names.vault, config, expiresInSeconds: TOKEN_S, role: "editor" }),
    );
  });
}
