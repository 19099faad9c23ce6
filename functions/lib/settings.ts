// Every setting the functions read: its schema, its default, an example. Nothing else here touches the environment.
import { z } from "zod";
import { logLevels } from "./log.ts";
import { VERIFY_PAGE } from "./names.ts";

/** A page's name in addresses and in the table: lower-case words joined by hyphens, 1 to 64 characters. */
export const pageSlug = z
  .string()
  .max(64, "is at most 64 characters long")
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "is lower-case letters, digits and single hyphens between them");

const pages = z
  .string()
  .default("resume")
  .transform((value) => value.split(",").map((page) => page.trim()))
  .pipe(z.array(pageSlug).min(1))
  .refine((list) => new Set(list).size === list.length, "names each page once")
  .refine((list) => !list.includes(VERIFY_PAGE), `must not name "${VERIFY_PAGE}", which is reserved for checks`);

const timeZone = z
  .string()
  .default("UTC")
  .refine((zone) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
      // Intl takes offsets too, which know no daylight saving time.
      return !/^[+-]/.test(zone);
    } catch {
      return false;
    }
  }, "must be an IANA time zone");

// Loopback is no exception: bearer tokens travel over TLS or not at all.
const secureUrl = z.url({ protocol: /^https$/, error: "must be an https:// URL" });

/** A whole number from 1, written in digits. */
const count = (byDefault: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,9}$/, "must be a whole number from 1, in digits")
    .default(String(byDefault))
    .transform(Number);

const stage = z
  .string()
  .regex(/^(?:local|production|preview-[1-9]\d{0,5})$/, "must be local, production or preview-N")
  // What nobody named is held to the strictest rules.
  .default("production");

const oneOf = <const T extends readonly [string, ...string[]]>(values: T, byDefault: T[number]) =>
  z.enum(values, `must be one of: ${values.join(", ")}`).default(byDefault as never);

const schema = z.object({
  STAGE: stage.meta({ examples: ["production"] }),
  TABLES_ENDPOINT: secureUrl.meta({ examples: ["https://vitae-prod.table.cosmos.azure.com:443"] }),
  VAULT_URI: secureUrl.meta({ examples: ["https://vitae-prod.vault.azure.net/"] }),
  PAGES: pages.meta({ examples: ["resume,projects"] }),
  SITE_TIME_ZONE: timeZone.meta({ examples: ["Europe/Berlin"] }),
  // Commits of the counter on one page and day.
  DAILY_WRITE_BUDGET: count(50_000).meta({ examples: ["50000"] }),
  MEDIA__blobServiceUri: secureUrl.meta({ examples: ["https://vitaeprod.blob.core.windows.net/"] }),
  CDN_BASE_URL: z
    .url({ protocol: /^https?$/, error: "must be an http(s):// URL" })
    .optional()
    .meta({ examples: ["https://media.example.com"] }),
  MAX_UPLOAD_BYTES: count(10 * 1024 * 1024).meta({ examples: ["10485760"] }),
  MAX_IMAGE_PIXELS: count(50_000_000).meta({ examples: ["50000000"] }),
  AZURE_CLIENT_ID: z
    .guid("must be the client id (a GUID) of the user-assigned identity")
    .optional()
    .meta({ examples: ["6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11"] }),
  TOKEN_ISSUER: z
    .string()
    .min(1, "must not be empty")
    .default("vitae")
    .meta({ examples: ["https://api.example.com"] }),
  TOKEN_AUDIENCE: z
    .string()
    .min(1, "must not be empty")
    .default("vitae")
    .meta({ examples: ["vitae"] }),
  LOG_LEVEL: oneOf(logLevels, "info").meta({ examples: ["info"] }),
  // Requests a minute: of one caller, or of one address.
  RATE_LIMITS: oneOf(["on", "off"], "on").meta({ examples: ["on"] }),
  RATE_LIMIT_AUTHENTICATED: count(200).meta({ examples: ["200"] }),
  RATE_LIMIT_ANONYMOUS: count(30).meta({ examples: ["30"] }),
  RATE_LIMIT_VISITS: count(60).meta({ examples: ["60"] }),
  RATE_LIMIT_UPLOADS: count(30).meta({ examples: ["30"] }),
  RATE_LIMIT_SECRET: count(10).meta({ examples: ["10"] }),
  RATE_LIMIT_KEYS: count(5).meta({ examples: ["5"] }),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z
    .string()
    .regex(
      /^InstrumentationKey=[0-9a-f-]{36};(?:[^;]+;)*IngestionEndpoint=https?:\/\/[^;]+/i,
      "must be InstrumentationKey=…;IngestionEndpoint=…",
    )
    .optional()
    .meta({
      examples: [
        "InstrumentationKey=6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11;IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/",
      ],
    }),
  // The platform's own name for the app, set by it; telemetry of host and app share it.
  WEBSITE_SITE_NAME: z
    .string()
    .optional()
    .meta({ examples: ["vitae-prod"] }),
  METRICS_ENABLED: oneOf(["false", "true", "public"], "false").meta({ examples: ["public"] }),
  OPENAPI_ENABLED: oneOf(["true", "false"], "true").meta({ examples: ["true"] }),
});

/** What a deployment supplies: strings under these names. A setting with a default may be left out. */
export type AppSettings = z.input<typeof schema>;

const parsed = schema.transform(
  ({
    RATE_LIMIT_AUTHENTICATED: authenticated,
    RATE_LIMIT_ANONYMOUS: anonymous,
    RATE_LIMIT_VISITS: visits,
    RATE_LIMIT_UPLOADS: uploads,
    RATE_LIMIT_SECRET: secret,
    RATE_LIMIT_KEYS: keys,
    ...settings
  }) => ({ ...settings, quotas: { authenticated, anonymous, visits, uploads, secret, keys } }),
);
/** What the code works with: parsed, with defaults filled in. */
export type Settings = z.output<typeof parsed>;

export const settingNames = schema.keyof().options;

/** The settings as JSON Schema, by which a later release can be held against what this one reads. */
export const settingsSchema = () => z.toJSONSchema(schema, { io: "input" });

/** For whoever writes the settings of a deployment and wants to know beforehand what the app would say. */
export const settingRules = schema.shape;

/** Settings that lead somewhere. */
const addresses = [
  "TABLES_ENDPOINT",
  "VAULT_URI",
  "MEDIA__blobServiceUri",
  "CDN_BASE_URL",
  "APPLICATIONINSIGHTS_CONNECTION_STRING",
] as const satisfies readonly (keyof AppSettings)[];

/** What is fine on a laptop and a mistake anywhere else. */
function deploymentFaults(given: AppSettings): [keyof AppSettings, string][] {
  const faults: [keyof AppSettings, string][] = [];
  for (const name of addresses) {
    const value = given[name] ?? "";
    if (/http:\/\//i.test(value)) faults.push([name, "must be https outside of the local stage"]);
    else if (/\/\/(?:127\.|localhost|\[::1\])/i.test(value))
      faults.push([name, "must not lead to this machine outside of the local stage"]);
  }
  if (!given.AZURE_CLIENT_ID) faults.push(["AZURE_CLIENT_ID", "is missing: a deployed app has an identity of its own"]);
  if (given.RATE_LIMITS === "off")
    faults.push(["RATE_LIMITS", "must not be off outside of the local stage: anybody may call"]);
  if (given.METRICS_ENABLED === "true")
    faults.push(["METRICS_ENABLED", "must be public outside of the local stage: anybody can read them there"]);
  return faults;
}

/** For switches of libraries that read the environment and nothing else. */
export function turnOn(name: string): void {
  process.env[name] = "true";
}

/** Says every fault of the settings at once: name, problem, example. Never a value, which may be a secret. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/**
 * Reads and checks the settings. Without STAGE=local they are held to what a deployment needs.
 * @throws {SettingsError} naming every missing or wrong setting, its rule and an example
 */
export function readSettings(environment: Record<string, string | undefined> = process.env): Settings {
  const given = Object.fromEntries(
    settingNames.map((name) => [name, environment[name]?.trim() || undefined]),
  ) as AppSettings;
  const result = parsed.safeParse(given);
  const found: [keyof AppSettings, string][] = result.success
    ? []
    : result.error.issues.map(({ path: [first], message }) => {
        const name = first as keyof AppSettings;
        return [name, given[name] === undefined ? "is missing" : message];
      });
  if (given.STAGE !== "local") found.push(...deploymentFaults(given));
  if (result.success && found.length === 0) return result.data;
  const faults = new Map<string, string>();
  for (const [name, problem] of found) {
    const [example] = (schema.shape[name].meta()?.examples ?? []) as string[];
    if (!faults.has(name)) faults.set(name, `  ${name} ${problem}. Example: ${name}=${example}`);
  }
  throw new SettingsError(`The settings have ${faults.size} fault(s):\n${[...faults.values()].join("\n")}`);
}
