// Reads the settings, and the rules between them. The only module below functions/ that reads the environment.
import { type AppSettings, parsedSettings, type Settings, settingNames, settingRules } from "./settings-schema.ts";

/** Settings that contain a URL. */
const addresses = [
  "TABLES_ENDPOINT",
  "VAULT_URI",
  "MEDIA__blobServiceUri",
  "SITE_BLOB_ENDPOINT",
  "SITE_URL",
  "CDN_BASE_URL",
  "APP_ORIGINS",
  "APPLICATIONINSIGHTS_CONNECTION_STRING",
] as const satisfies readonly (keyof AppSettings)[];

type SettingIssue = readonly [name: keyof AppSettings, message: string];

/** Values that are valid on a laptop only. */
function findDeploymentIssues(input: AppSettings): SettingIssue[] {
  const issues: SettingIssue[] = [];
  for (const name of addresses) {
    const value = input[name] ?? "";
    if (/http:\/\//i.test(value)) issues.push([name, "must be https unless STAGE is local"]);
    else if (/\/\/(?:127\.|localhost|\[::1\])/i.test(value))
      issues.push([name, "must not be a loopback address unless STAGE is local"]);
  }
  if (!input.AZURE_CLIENT_ID) issues.push(["AZURE_CLIENT_ID", "is missing: a deployed app has its own identity"]);
  if (input.RATE_LIMITS === "off") issues.push(["RATE_LIMITS", "must be on unless STAGE is local: the API is public"]);
  if (input.METRICS_ENABLED === "true")
    issues.push(["METRICS_ENABLED", "must be public or false unless STAGE is local: anyone can read the metrics"]);
  return issues;
}

/** Settings that work only together. */
function findIncompleteEntra(input: AppSettings): SettingIssue[] {
  const missing = (["ENTRA_TENANT_ID", "ENTRA_AUDIENCE"] as const).filter((name) => !input[name]);
  const message = "is missing: set ENTRA_TENANT_ID and ENTRA_AUDIENCE, or neither";
  return missing.length === 1 ? missing.map((name) => [name, message]) : [];
}

/** Otherwise every run of the timer would replace the key. */
function findEndlessRotation({ data }: { data?: Settings }): SettingIssue[] {
  if (!data || data.SIGNING_KEY_TRANSITION_DAYS < data.SIGNING_KEY_LIFETIME_DAYS) return [];
  return [["SIGNING_KEY_TRANSITION_DAYS", "must be less than SIGNING_KEY_LIFETIME_DAYS"]];
}

/** Turns on a switch of a library that reads only the environment. */
export function turnOn(name: string): void {
  process.env[name] = "true";
}

/** Lists every issue with name, rule and example. Never contains a value, which may be a secret. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/**
 * Reads and validates the settings. The rules for deployments apply unless STAGE is local.
 * @throws {SettingsError} naming every missing or invalid setting, its rule and an example
 */
export function readSettings(environment: Record<string, string | undefined> = process.env): Settings {
  const input = Object.fromEntries(
    settingNames.map((name) => [name, environment[name]?.trim() || undefined]),
  ) as AppSettings;
  const result = parsedSettings.safeParse(input);
  const issues = (result.error?.issues ?? []).map(({ path: [first], message }): SettingIssue => {
    const name = first as keyof AppSettings;
    return [name, input[name] === undefined ? "is missing" : message];
  });
  issues.push(...findIncompleteEntra(input), ...findEndlessRotation(result));
  if (input.STAGE !== "local") issues.push(...findDeploymentIssues(input));
  if (result.success && issues.length === 0) return result.data;
  const lines = new Map<string, string>();
  for (const [name, message] of issues) {
    const [example] = (settingRules[name].meta()?.examples ?? []) as string[];
    if (!lines.has(name)) lines.set(name, `  ${name} ${message}. Example: ${name}=${example}`);
  }
  throw new SettingsError(`The settings have ${lines.size} issue(s):\n${[...lines.values()].join("\n")}`);
}
