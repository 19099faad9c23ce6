// The settings of the deployed app, by type: what the code needs and nobody gives does not compile.
import type { AppSettings } from "../functions/lib/settings.ts";
import type { StageConfig } from "./config.ts";

/** What has a default for a laptop or may be missing there, and is always given to a deployed app. */
type Given = "STAGE" | "PAGES" | "AZURE_CLIENT_ID" | "APPLICATIONINSIGHTS_CONNECTION_STRING" | "DAILY_WRITE_BUDGET";

/** What the functions host, its bindings and the identity library read for themselves. */
type PlatformSettings = {
  readonly AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential";
  readonly AzureWebJobsStorage__accountName: string;
  readonly AzureWebJobsStorage__credential: "managedidentity";
  readonly AzureWebJobsStorage__clientId: string;
  readonly MEDIA__queueServiceUri: string;
  readonly MEDIA__credential: "managedidentity";
  readonly MEDIA__clientId: string;
  readonly APPLICATIONINSIGHTS_AUTHENTICATION_STRING: string;
};

export type DeployedSettings = Readonly<AppSettings & { [name in Given]: string }> & PlatformSettings;

/** What a construct gives to the app: a fragment, under names that both sides know. */
export type Fragment<Name extends keyof DeployedSettings> = Pick<DeployedSettings, Name>;

/** The settings that are choices, not addresses. */
export function settingsOf(config: StageConfig) {
  const { limits } = config;
  const text = (value: number | undefined) => (value === undefined ? undefined : String(value));
  return {
    STAGE: config.stage,
    PAGES: config.pages.join(","),
    SITE_TIME_ZONE: config.timeZone,
    DAILY_WRITE_BUDGET: String(config.dailyWriteBudget),
    RATE_LIMIT_AUTHENTICATED: text(limits.authenticated),
    RATE_LIMIT_ANONYMOUS: text(limits.anonymous),
    RATE_LIMIT_VISITS: text(limits.visits),
    RATE_LIMIT_UPLOADS: text(limits.uploads),
    RATE_LIMIT_SECRET: text(limits.secret),
    RATE_LIMIT_KEYS: text(limits.keys),
    OPENAPI_ENABLED: config.openapi ? "true" : "false",
    METRICS_ENABLED: config.publicMetrics ? "public" : "false",
    // Each was read by the app's own rule when the configuration was.
    ...(config.settings as Pick<AppSettings, keyof typeof config.settings>),
  } as const satisfies Partial<AppSettings>;
}
