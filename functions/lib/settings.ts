// Every setting the functions read: its schema, its default, an example. The only reader of the environment here.
import { z } from "zod";
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

const schema = z.object({
  TABLES_ENDPOINT: secureUrl.meta({ examples: ["https://vitae-prod.table.cosmos.azure.com:443"] }),
  VAULT_URI: secureUrl.meta({ examples: ["https://vitae-prod.vault.azure.net/"] }),
  PAGES: pages.meta({ examples: ["resume,projects"] }),
  SITE_TIME_ZONE: timeZone.meta({ examples: ["Europe/Berlin"] }),
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
});

/** What a deployment supplies: strings under these names. A setting with a default may be left out. */
export type AppSettings = z.input<typeof schema>;
/** What the code works with: parsed, with defaults filled in. */
export type Settings = z.output<typeof schema>;

export const settingNames = schema.keyof().options;

/** Says every fault of the settings at once: name, problem, example. Never a value, which may be a secret. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/**
 * Reads and checks the settings.
 * @throws {SettingsError} naming every missing or wrong setting, its rule and an example
 */
export function readSettings(environment: Record<string, string | undefined> = process.env): Settings {
  const given = Object.fromEntries(settingNames.map((name) => [name, environment[name]?.trim() || undefined]));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = new Map<string, string>();
  for (const issue of result.error.issues) {
    const name = String(issue.path[0]) as keyof AppSettings;
    const [example] = (schema.shape[name].meta()?.examples ?? []) as string[];
    const problem = given[name] === undefined ? "is missing" : issue.message;
    if (!faults.has(name)) faults.set(name, `  ${name} ${problem}. Example: ${name}=${example}`);
  }
  throw new SettingsError(`The settings have ${faults.size} fault(s):\n${[...faults.values()].join("\n")}`);
}
