// The schema of every setting of the app: rule, default, example. What holds for each alone; settings.ts has the rest.
import { z } from "zod";
import { logLevels } from "./log.ts";
import { THUMBNAIL_EDGE, VERIFY_PAGE } from "./names.ts";

/** A page in URLs and in the table: lower-case words joined by hyphens, 1 to 64 characters. */
export const pageSlug = z
  .string()
  .max(64, "must have at most 64 characters")
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower-case letters and digits, with single hyphens between them");

const pages = z
  .string()
  .default("resume")
  .transform((value) => value.split(",").map((page) => page.trim()))
  .pipe(z.array(pageSlug).min(1))
  .refine((list) => new Set(list).size === list.length, "must name each page once")
  .refine(
    (list) => !list.includes(VERIFY_PAGE),
    `must not name the page "${VERIFY_PAGE}", which is reserved for checks`,
  );

const timeZone = z
  .string()
  .default("UTC")
  .refine((zone) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
      // Intl also accepts offsets, which have no daylight saving time.
      return !/^[+-]/.test(zone);
    } catch {
      return false;
    }
  }, "must be an IANA time zone");

// Also on loopback: bearer tokens travel over TLS only.
const secureUrl = z.url({ protocol: /^https$/, error: "must be an https:// URL" });
const webUrl = z.url({ protocol: /^https?$/, error: "must be an http(s):// URL" });
/** `iss` or `aud` of access tokens. */
const tokenParty = z.string().min(1, "must not be empty").default("vitae");

/** A positive whole number. */
const count = (defaultValue: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,9}$/, "must be a whole number of at least 1, in digits")
    .default(String(defaultValue))
    .transform(Number);

/** The browser's spelling: scheme, host in lower case, and a port other than the scheme's own. */
const origins = z
  .string()
  .default("")
  .transform((value) => value.split(",").flatMap((origin) => origin.trim() || []))
  .refine(
    (list) => list.every((origin) => /^https?:/.test(origin) && URL.parse(origin)?.origin === origin),
    "must list origins, without paths",
  );

/** Bounds on the longest side of the variants in pixels, which also bound the memory and time of a render. */
const widths = z
  .string()
  .default("256,640,1280")
  .transform((value) => value.split(",").map((width) => Number(width.trim())))
  .refine(
    (list) => list.every((width) => Number.isInteger(width) && width >= 16 && width <= 2_560),
    "must be whole numbers from 16 to 2560",
  )
  .refine((list) => list.length <= 6 && new Set(list).size === list.length, "must be at most 6 different numbers")
  .refine((list) => list.includes(THUMBNAIL_EDGE), `must contain ${THUMBNAIL_EDGE}, the width of the thumbnail`);

const stage = z
  .string()
  .regex(/^(?:local|production|preview-[1-9]\d{0,5})$/, "must be local, production or preview-N")
  // Without STAGE the rules of production apply.
  .default("production");

const oneOf = <const T extends readonly [string, ...string[]]>(values: T, defaultValue: T[number]) =>
  z.enum(values, `must be one of: ${values.join(", ")}`).default(defaultValue as never);

const DEFAULT_UPLOAD_BYTES = 10 * 1024 * 1024;
/** Bytes of a form around its file: boundaries and part headers. */
export const FORM_OVERHEAD = 64 * 1024;

/**
 * Bytes of the largest body that the host passes to the app: twice what a route accepts, so that the app rejects an image
 * that is somewhat too large with 413. Beyond, the host itself returns an empty 500 (docs/decisions/026).
 */
export const bodyLimit = (maxUploadBytes = DEFAULT_UPLOAD_BYTES): number => 2 * (maxUploadBytes + FORM_OVERHEAD);

const schema = z.object({
  STAGE: stage.meta({ examples: ["production"] }),
  TABLES_ENDPOINT: secureUrl.meta({ examples: ["https://vitae-prod.table.cosmos.azure.com:443"] }),
  VAULT_URI: secureUrl.meta({ examples: ["https://vitae-prod.vault.azure.net/"] }),
  PAGES: pages.meta({ examples: ["resume,projects"] }),
  SITE_TIME_ZONE: timeZone.meta({ examples: ["Europe/Berlin"] }),
  // Maximum commits of the counter per page and day.
  DAILY_WRITE_BUDGET: count(50_000).meta({ examples: ["50000"] }),
  // Whether clients that name themselves as programs are counted as visits.
  COUNT_BOTS: oneOf(["true", "false"], "false").meta({ examples: ["false"] }),
  // Whether the different visitors of each day are counted.
  UNIQUES: oneOf(["on", "off"], "on").meta({ examples: ["on"] }),
  MEDIA__blobServiceUri: secureUrl.meta({ examples: ["https://vitaeprod.blob.core.windows.net/"] }),
  // The account of the static website: its blob service, which the app writes to, and the address where anyone reads.
  SITE_BLOB_ENDPOINT: secureUrl.meta({ examples: ["https://siteprod.blob.core.windows.net/"] }),
  SITE_URL: webUrl
    .refine((url) => `${URL.parse(url)?.origin}/` === url, "must be an origin and a slash")
    .meta({ examples: ["https://siteprod.z6.web.core.windows.net/"] }),
  CDN_BASE_URL: webUrl.optional().meta({ examples: ["https://media.example.com"] }),
  MAX_UPLOAD_BYTES: count(DEFAULT_UPLOAD_BYTES).meta({ examples: ["10485760"] }),
  MAX_IMAGE_PIXELS: count(50_000_000).meta({ examples: ["50000000"] }),
  THUMBNAIL_WIDTHS: widths.meta({ examples: ["256,640,1280"] }),
  // Images that the audit repairs in a pass, instead of 20 and 5 %. For an operator who has looked at what differs.
  IMAGE_REPAIR_LIMIT: z
    .string()
    .regex(/^\d{1,6}$/, "must be a whole number, in digits")
    .transform(Number)
    .optional()
    .meta({ examples: ["500"] }),
  AZURE_CLIENT_ID: z
    .guid("must be the client id (a GUID) of the user-assigned identity")
    .optional()
    .meta({ examples: ["6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11"] }),
  // The API's own origins. Only their pages may use the cookie of a session; without one, no page may.
  APP_ORIGINS: origins.meta({ examples: ["https://vitae-prod.azurewebsites.net"] }),
  TOKEN_ISSUER: tokenParty.meta({ examples: ["https://api.example.com"] }),
  TOKEN_AUDIENCE: tokenParty.meta({ examples: ["vitae"] }),
  // With both, access tokens of this tenant of Entra ID are accepted too.
  ENTRA_TENANT_ID: z
    .guid("must be the tenant's id (a GUID)")
    .optional()
    .meta({ examples: ["8c1f4a7e-9a55-4b1c-9b0e-3f3d2a1c0b9a"] }),
  ENTRA_AUDIENCE: z
    .guid("must be the client id (a GUID) of the API's registration")
    .optional()
    .meta({ examples: ["1f0e5b34-6a0f-4a3a-8f0e-0d6b1f2a7c11"] }),
  // Days after which a signing key should have been replaced, and how long before that the timer does it.
  SIGNING_KEY_LIFETIME_DAYS: count(30).meta({ examples: ["30"] }),
  SIGNING_KEY_TRANSITION_DAYS: count(1).meta({ examples: ["1"] }),
  LOG_LEVEL: oneOf(logLevels, "info").meta({ examples: ["info"] }),
  // Requests per minute of one caller or address.
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
  // Set by the platform: the app's name, also in the host's telemetry.
  WEBSITE_SITE_NAME: z
    .string()
    .optional()
    .meta({ examples: ["vitae-prod"] }),
  METRICS_ENABLED: oneOf(["false", "true", "public"], "false").meta({ examples: ["public"] }),
  OPENAPI_ENABLED: oneOf(["true", "false"], "true").meta({ examples: ["true"] }),
});

/** The environment of a deployment. A setting with a default is optional. */
export type AppSettings = z.input<typeof schema>;

/** What the environment is parsed with. */
export const parsedSettings = schema.transform(
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
/** The parsed settings, with defaults and with the rate limits as `quotas`. */
export type Settings = z.output<typeof parsedSettings>;

export const settingNames = schema.keyof().options;

/** The settings as JSON Schema, to check later releases for compatibility. */
export const settingsSchema = () => z.toJSONSchema(schema, { io: "input" });

/** The schema of each setting, with its example, to check a deployment's configuration before it is applied. */
export const settingRules = schema.shape;
