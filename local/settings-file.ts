// The local settings in the format of Core Tools: local.settings.json if it exists, else local.settings.example.json.
// https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServicePorts } from "./services.ts";

export type LocalSettings = {
  values: Record<string, string>;
  /** The origins of Host.CORS. */
  cors: string[];
  /** Path of the file. */
  file: string;
};

/** @throws {Error} one line with the file and the problem */
export function readLocalSettings(root: string): LocalSettings {
  const own = join(root, "local.settings.json");
  const file = existsSync(own) ? own : join(root, "local.settings.example.json");
  const { Values = {}, Host = {}, IsEncrypted }: Partial<SettingsFile> = parse(file);
  if (IsEncrypted) throw new Error(`${file} is encrypted, and only Core Tools can read it. Run: func settings decrypt`);
  const invalid = Object.entries(Values).find(([, value]) => typeof value !== "string");
  if (invalid)
    throw new Error(`Values in ${file} must be strings, received ${invalid[0]}: ${JSON.stringify(invalid[1])}.`);
  const cors = (Host.CORS ?? "").split(",").map((origin) => origin.trim());
  return { values: Values, cors: cors.filter(Boolean), file };
}

type SettingsFile = { Values: Record<string, string>; Host: { CORS?: string }; IsEncrypted: boolean };

function parse(file: string): Partial<SettingsFile> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} must be a readable JSON file: ${error instanceof Error ? error.message : error}`);
  }
}

const ADDRESSES: Record<keyof ServicePorts, string> = {
  blob: "MEDIA__blobServiceUri",
  queue: "MEDIA__queueServiceUri",
  table: "TABLES_ENDPOINT",
  identity: "IDENTITY_ENDPOINT",
  vault: "VAULT_URI",
};

/**
 * The ports of the addresses in the settings, where Core Tools expects the services.
 * @throws {Error} one line with the setting that has no port
 */
export function servicePorts({ values, file }: LocalSettings): ServicePorts {
  const port = (service: keyof ServicePorts) => {
    const address = values[ADDRESSES[service]] ?? "";
    const found = Number(URL.parse(address)?.port);
    if (found) return found;
    throw new Error(
      `${ADDRESSES[service]} in ${file} must be an address with a port, received "${address}". ` +
        "Copy the value from local.settings.example.json.",
    );
  };
  return {
    blob: port("blob"),
    queue: port("queue"),
    table: port("table"),
    identity: port("identity"),
    vault: port("vault"),
  };
}
