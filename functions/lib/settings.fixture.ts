// Settings that are accepted, and the message about those that are not, for the tests of settings.
import { readSettings, SettingsError } from "./settings.ts";
import type { AppSettings } from "./settings-schema.ts";

export const required = {
  TABLES_ENDPOINT: "https://vitae.table.cosmos.azure.com:443",
  VAULT_URI: "https://vitae.vault.azure.net/",
  MEDIA__blobServiceUri: "https://vitae.blob.core.windows.net/",
  SITE_BLOB_ENDPOINT: "https://site.blob.core.windows.net/",
  SITE_URL: "https://site.z6.web.core.windows.net/",
  AZURE_CLIENT_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
} satisfies AppSettings;

export function messageOf(environment: Record<string, string | undefined>): string {
  try {
    readSettings(environment);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.message;
    throw thrown;
  }
  return "";
}

/** Names of the settings that a message lists. */
export const namesIn = (message: string) => [...message.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);
