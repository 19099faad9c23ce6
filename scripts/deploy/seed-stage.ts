// Runs seed-entity against a stage: with the deployer's login of az, and without any key.
import { join } from "node:path";
import type { AppSettings } from "../../functions/lib/settings.ts";
import { tablesEndpoint } from "../../infra/naming.ts";
import { runOrThrow } from "./command.ts";
import { withSeedRoles } from "./seed-role.ts";
import type { DeployTarget } from "./target.ts";
import { ROLES_SPREAD, refusedForNow, retry, type World } from "./world.ts";

/** What seed-entity reads, and through which login it goes. */
export function seedSettings({ stage, names, config, clientId }: DeployTarget): Record<string, string> {
  const settings: AppSettings = {
    STAGE: stage,
    TABLES_ENDPOINT: tablesEndpoint(names),
    VAULT_URI: `https://${names.vault}.vault.azure.net/`,
    MEDIA__blobServiceUri: `https://${names.mediaAccount}.blob.core.windows.net/`,
    PAGES: config.pages.join(","),
    SITE_TIME_ZONE: config.timeZone,
    // A deployed app must name its identity; here it is the deployer's, and the next line says how to be it.
    AZURE_CLIENT_ID: clientId,
  };
  return { ...(settings as Record<string, string>), AZURE_TOKEN_CREDENTIALS: "AzureCliCredential" };
}

const program = join(import.meta.dirname, "..", "..", "seed-entity", "main.ts");

/** @throws {CommandError} of seed-entity, after ten minutes of refusals or at once when something else is wrong */
export async function seedStage(world: World, target: DeployTarget, startAt?: string): Promise<void> {
  const args = [program, ...(startAt === undefined ? [] : ["--start-at", startAt])];
  await withSeedRoles(world, target, async () => {
    const text = await retry(
      world,
      () => runOrThrow(world.run, [process.execPath, args, { env: seedSettings(target) }]),
      { for: ROLES_SPREAD, every: 20_000, passes: refusedForNow },
    );
    for (const line of text.trim().split("\n")) world.say(line);
  });
}
