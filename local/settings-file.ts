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

/** Core Tools and editors write comments, and some add a byte order mark. Lines and columns stay, for error messages. */
function withoutComments(text: string): string {
  const comments = /("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(/^\uFEFF/, "").replace(comments, (all, string) => string ?? all.replace(/[^\n]/g, " "));
}

function parse(file: string): Partial<SettingsFile> {
  try {
    const parsed: unknown = JSON.parse(withoutComments(readFileSync(file, "utf8")));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
    throw new Error(`it must contain an object, received ${JSON.stringify(parsed).slice(0, 40)}`);
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

/** The number of letters to insert, remove, replace or swap. */
function distance(a: string, b: string): number {
  let [older, previous]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (older[j - 2] ?? 0) + 1 : replaced;
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped));
    }
    [older, previous] = [previous, row];
  }
  return previous[b.length] ?? 0;
}

/** Read by npm start itself. */
const START_NAMES = [
  "PORT",
  "LOCAL_DATA_DIR",
  "OWNER_EMAIL",
  "LOCAL_OWNER_PASSWORD",
  "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
];
/** A short name of the environment, such as PAGER, is rarely ours. */
const MIN_LENGTH_IN_ENVIRONMENT = 8;

/** One line for each setting of the file or the environment whose name is nearly that of a known one. */
export function warnOfMisspelt(
  { values, file }: LocalSettings,
  environment: Readonly<Record<string, string | undefined>>,
  settingNames: readonly string[],
): string[] {
  const known = [...settingNames, ...START_NAMES, ...Object.values(ADDRESSES)];
  const inEnvironment = Object.keys(environment).filter((name) => name.length >= MIN_LENGTH_IN_ENVIRONMENT);
  const places = [
    ...Object.keys(values).map((name) => [name, file]),
    ...inEnvironment.map((name) => [name, "the environment"]),
  ];
  return places.flatMap(([name = "", place]) => {
    if (known.includes(name)) return [];
    const distances = known.map((each) => ({ each, letters: distance(name.toUpperCase(), each.toUpperCase()) }));
    const [near] = distances.filter(({ letters }) => letters <= 2).sort((one, other) => one.letters - other.letters);
    return near ? [`There is no setting ${name} (in ${place}). Did you mean ${near.each}?`] : [];
  });
}
