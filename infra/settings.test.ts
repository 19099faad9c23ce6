// The settings of the deployed app are accepted by the app; a missing required one does not compile.
import { describe, expect, it } from "vitest";
import { readSettings } from "../functions/lib/settings.ts";
import { FORM_OVERHEAD, settingNames } from "../functions/lib/settings-schema.ts";
import type { StageOverrides } from "./config-schema.ts";
import type { DeployedSettings, Fragment } from "./settings.ts";
import { appOf, synthesized } from "./synthesized.fixture.ts";

/** Values that Terraform would fill in for references. */
const resolved: readonly [reference: RegExp, value: string][] = [
  [/\$\{[^}]+\.client_id\}/g, "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11"],
  [/\$\{[^}]+\.primary_(blob|queue)_endpoint\}/g, "https://vitae.$1.core.windows.net/"],
  [/\$\{[^}]+\.primary_web_endpoint\}/g, "https://vitae.z6.web.core.windows.net/"],
  [/\$\{[^}]+\.vault_uri\}/g, "https://vitae.vault.azure.net/"],
  [/\$\{[^}]+\.host_name\}/g, "vitae.z01.azurefd.net"],
  [/\$\{azurerm_storage_account\.[^}]+\.name\}/g, "hostvitae"],
  [
    /\$\{[^}]+\.connection_string\}/g,
    "InstrumentationKey=6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11;IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/",
  ],
];

function deployed(stage: "production" | "preview-7", overrides: Partial<StageOverrides> = {}) {
  const { settings } = appOf(synthesized(stage, overrides).platform);
  const value = (text: string) =>
    resolved.reduce((before, [reference, after]) => before.replace(reference, after), text);
  return Object.fromEntries(Object.entries(settings).map(([name, text]) => [name, value(text)]));
}

describe("deployed settings", () => {
  it.each(["production", "preview-7"] as const)("deployed settings of %s are accepted by the app", (stage) => {
    const environment = deployed(stage);
    expect(Object.values(environment).filter((text) => text.includes("$" + "{"))).toEqual([]);
    expect(readSettings(environment)).toMatchObject({ STAGE: stage, PAGES: ["resume"], DAILY_WRITE_BUDGET: 50_000 });
  });

  it("deployed settings contain only names of the app and the platform", () => {
    const own: readonly string[] = settingNames;
    expect(Object.keys(deployed("production")).filter((name) => !own.includes(name))).toEqual([
      "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
      "AZURE_TOKEN_CREDENTIALS",
      "AzureWebJobsStorage__accountName",
      "AzureWebJobsStorage__clientId",
      "AzureWebJobsStorage__credential",
      "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
      "MEDIA__clientId",
      "MEDIA__credential",
      "MEDIA__queueServiceUri",
    ]);
  });

  it("deployed settings follow the configuration of the stage", () => {
    const settings = deployed("production", {
      pages: ["resume", "projects"],
      timeZone: "Europe/Berlin",
      dailyWriteBudget: 7,
      limits: { visits: 5, keys: 1 },
      openapi: false,
      frontDoor: true,
      publicMetrics: true,
      settings: {
        LOG_LEVEL: "debug",
        MAX_UPLOAD_BYTES: "5000000",
        ENTRA_TENANT_ID: "0b6a1f8e-5f53-4f5e-8a44-2a6f8f0f7c55",
        ENTRA_AUDIENCE: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
        SIGNING_KEY_LIFETIME_DAYS: "60",
        SIGNING_KEY_TRANSITION_DAYS: "2",
      },
    });
    expect(settings).toMatchObject({
      PAGES: "resume,projects",
      SITE_TIME_ZONE: "Europe/Berlin",
      DAILY_WRITE_BUDGET: "7",
      RATE_LIMIT_VISITS: "5",
      RATE_LIMIT_KEYS: "1",
      OPENAPI_ENABLED: "false",
      CDN_BASE_URL: "https://vitae.z01.azurefd.net",
      METRICS_ENABLED: "public",
      LOG_LEVEL: "debug",
      MAX_UPLOAD_BYTES: "5000000",
      ENTRA_TENANT_ID: "0b6a1f8e-5f53-4f5e-8a44-2a6f8f0f7c55",
      ENTRA_AUDIENCE: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
      SIGNING_KEY_LIFETIME_DAYS: "60",
      SIGNING_KEY_TRANSITION_DAYS: "2",
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "10131072",
    });
    expect(settings).not.toHaveProperty("TOKEN_ISSUER");
    expect(deployed("production")).not.toHaveProperty("ENTRA_TENANT_ID");
    expect(settings).not.toHaveProperty("OWNER_EMAIL");
    expect(settings).not.toHaveProperty("RATE_LIMIT_UPLOADS");
    expect(() => readSettings(settings)).not.toThrow();
  });

  it("deployed settings limit bodies to twice the largest form that the app accepts", () => {
    const settings = deployed("production");
    const { MAX_UPLOAD_BYTES } = readSettings(settings);
    expect(settings.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).toBe(String(2 * (MAX_UPLOAD_BYTES + FORM_OVERHEAD)));
  });

  it("deployed settings lack CDN_BASE_URL without a Front Door", () => {
    expect(deployed("production")).not.toHaveProperty("CDN_BASE_URL");
  });

  it("deployed settings do not compile when a required one is missing or a name is unknown", () => {
    type Bound = Fragment<Exclude<keyof DeployedSettings, "VAULT_URI">>;
    // @ts-expect-error VAULT_URI is missing: bindVault was forgotten.
    const withoutVault = (bound: Bound): DeployedSettings => ({ ...bound });
    const complete = (bound: Bound): DeployedSettings => ({ ...bound, VAULT_URI: "https://vitae.vault.azure.net/" });
    // @ts-expect-error AZURE_CLIENT_ID is optional on a laptop but required in a deployment.
    const withoutIdentity = (bound: Omit<DeployedSettings, "AZURE_CLIENT_ID">): DeployedSettings => ({ ...bound });
    // @ts-expect-error The code calls it VAULT_URI.
    const misspelt: Fragment<"VAULT_URL"> = { VAULT_URL: "https://vitae.vault.azure.net/" };
    // The compiler is the test; this only uses the values.
    expect([withoutVault, complete, withoutIdentity, misspelt]).toHaveLength(4);
  });
});
