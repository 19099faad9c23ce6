// The local settings in Core Tools' format: local.settings.json if it exists, else the example that comes with the project.
// https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServicePorts } from "./services.ts";

export type LocalSettings = {
  values: Record<string, string>;
  /** The origins of Host.CORS. */
  cors: string[];
  /** Which file they are from. */
  file: string;
};

/** Throws one line naming the file and the fault. */
export function readLocalSettings(root: string): LocalSettings {
  const own = join(root, "local.settings.json");
  const file = existsSync(own) ? own : join(root, "local.settings.example.json");
  const { Values = {}, Host = {}, IsEncrypted }: Partial<SettingsFile> = parse(file);
  if (IsEncrypted) throw new Error(`${file} is encrypted, which only Core Tools reads. Run: func settings decrypt`);
  const wrong = Object.entries(Values).find(([, value]) => typeof value !== "string");
  if (wrong) throw new Error(`Values in ${file} must be strings, ${wrong[0]} is ${JSON.stringify(wrong[1])}.`);
  const cors = (Host.CORS ?? "").split(",").map((origin) => origin.trim());
  return { values: Values, cors: cors.filter(Boolean), file };
}

type SettingsFile = { Values: Record<string, string>; Host: { CORS?: string }; IsEncrypted: boolean };

function parse(file: string): Partial<SettingsFile> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} must be a JSON file that can be read: ${error instanceof Error ? error.message : error}`);
  }
}

const ADDRESSES: Record<keyof ServicePorts, string> = {
  blob: "MEDIA__blobServiceUri",
  queue: "MEDIA__queueServiceUri",
  table: "TABLES_ENDPOINT",
  identity: "IDENTITY_ENDPOINT",
  vault: "VAULT_URI",
};

/** The ports of the addresses in the settings, for services that Core Tools shall find there. */
export function servicePorts({ values, file }: LocalSettings): ServicePorts {
  const port = (service: keyof ServicePorts) => {
    const address = values[ADDRESSES[service]] ?? "";
    const found = Number(URL.parse(address)?.port);
    if (found) return found;
    throw new Error(
      `${ADDRESSES[service]} in ${file} must be an address with a port, received "${address}". ` +
        "Take the value of local.settings.example.json.",
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
