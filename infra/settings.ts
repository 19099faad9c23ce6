// The settings of the deployed app, typed: a setting that the code requires and no construct provides does not compile.
import { type AppSettings, bodyLimit } from "../functions/lib/settings-schema.ts";
import type { LimitSetting, StageConfig } from "./config-schema.ts";

/** Settings that are optional on a laptop and always set in a deployment. */
type AlwaysSet =
  | "STAGE"
  | "PAGES"
  | "APP_ORIGINS"
  | "AZURE_CLIENT_ID"
  | "APPLICATIONINSIGHTS_CONNECTION_STRING"
  | "DAILY_WRITE_BUDGET";

/** Settings that the functions host, its bindings and the identity library read. */
type PlatformSettings = {
  readonly AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential";
  readonly AzureWebJobsStorage__accountName: string;
  readonly AzureWebJobsStorage__credential: "managedidentity";
  readonly AzureWebJobsStorage__clientId: string;
  /** Bytes. azure-functions-host, HttpRequestBodySizeMiddleware.cs */
  readonly FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: string;
  readonly MEDIA__queueServiceUri: string;
  readonly MEDIA__credential: "managedidentity";
  readonly MEDIA__clientId: string;
  readonly APPLICATIONINSIGHTS_AUTHENTICATION_STRING: string;
};

export type DeployedSettings = Readonly<AppSettings & { [name in AlwaysSet]: string }> & PlatformSettings;

/** The settings that one construct provides. */
export type Fragment<Name extends keyof DeployedSettings> = Pick<DeployedSettings, Name>;

/** The app's own origins, which browsers compare exactly. */
export function originSettings(hostNames: readonly string[]): Fragment<"APP_ORIGINS"> {
  return { APP_ORIGINS: hostNames.map((name) => `https://${name}`).join(",") };
}

/** The settings that follow from the configuration alone. */
export function settingsOf(config: StageConfig) {
  const { MAX_UPLOAD_BYTES } = config.settings;
  const limits = Object.entries(config.limits)
    .filter(([, limit]) => limit !== undefined)
    .map(([name, limit]) => [`RATE_LIMIT_${name.toUpperCase()}`, String(limit)]);
  return {
    STAGE: config.stage,
    PAGES: config.pages.join(","),
    SITE_TIME_ZONE: config.timeZone,
    DAILY_WRITE_BUDGET: String(config.dailyWriteBudget),
    ...(Object.fromEntries(limits) as { readonly [name in LimitSetting]?: string }),
    OPENAPI_ENABLED: config.openapi ? "true" : "false",
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(
      bodyLimit(MAX_UPLOAD_BYTES === undefined ? undefined : Number(MAX_UPLOAD_BYTES)),
    ),
    METRICS_ENABLED: config.publicMetrics ? "public" : "false",
    // The configuration validated each by the app's own rule.
    ...(config.settings as Pick<AppSettings, keyof typeof config.settings>),
  } as const satisfies Partial<DeployedSettings>;
}
