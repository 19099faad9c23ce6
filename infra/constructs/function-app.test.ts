// The function app: Flex Consumption, keyless, with the scale that the counter needs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { all, appOf, one, synthesized } from "../synthesized.fixture.ts";

const { platform } = synthesized();
const { app, settings } = appOf(platform);
const { properties } = app.body;

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations */
const forbidden =
  /^(?:FUNCTIONS_(?:WORKER_|EXTENSION_VERSION|MAX_HTTP)|WEBSITE_|WEBSITES_|SCM_DO_BUILD|ENABLE_ORYX|TZ$|AzureWebJobs(?:Storage|Dashboard)$|APPINSIGHTS_)/;

describe("function app", () => {
  it("the function app is the only app on a Linux Flex Consumption plan", () => {
    expect(one(platform, "azurerm_service_plan")).toMatchObject({ os_type: "Linux", sku_name: "FC1" });
    expect(properties.serverFarmId).toMatch(/^\$\{azurerm_service_plan\.[\w-]+\.id\}$/);
    const apps = all(platform, "azapi_resource").filter(({ type }) => String(type).startsWith("Microsoft.Web/sites@"));
    expect(apps).toHaveLength(1);
    expect(Object.keys(platform.resource).filter((type) => /function_app|web_app/.test(type))).toEqual([]);
  });

  it("the function app reads its package from the host account as its own identity", () => {
    const [identity] = (app.identity as { type: string; identity_ids: string[] }[]) ?? [];
    expect(identity?.type).toBe("UserAssigned");
    const { storage } = properties.functionAppConfig.deployment as { storage: { value: string } };
    expect(storage).toMatchObject({
      type: "blobContainer",
      authentication: {
        type: "UserAssignedIdentity",
        userAssignedIdentityResourceId: identity?.identity_ids[0],
      },
    });
    expect(storage.value).toMatch(
      /^\$\{azurerm_storage_account\.host_[\w-]+\.primary_blob_endpoint\}\$\{azurerm_storage_container\.host_[\w-]*deploymentpackage[\w-]*\.name\}$/,
    );
  });

  it("the function app runs on the Node.js that package.json names", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    expect(properties.functionAppConfig.runtime).toEqual({ name: "node", version: devDependencies.node.split(".")[0] });
    expect(["22", "24"]).toContain(properties.functionAppConfig.runtime.version);
  });

  it("the function app has at most twelve instances of 2,048 MB with 100 concurrent requests, and none always ready", () => {
    expect(properties.functionAppConfig.scaleAndConcurrency).toEqual({
      maximumInstanceCount: 12,
      instanceMemoryMB: 2048,
      triggers: { http: { perInstanceConcurrency: 100 } },
    });
  });

  it("the function app follows the scale and always-ready instances of the stage", () => {
    const scale = {
      maximumInstances: 4,
      instanceMemory: 4096,
      httpConcurrency: 20,
      alwaysReady: { http: 1, blob: 2 },
    } as const;
    const other = appOf(synthesized("production", { scale }).platform).app.body.properties.functionAppConfig;
    expect(other.scaleAndConcurrency).toEqual({
      maximumInstanceCount: 4,
      instanceMemoryMB: 4096,
      triggers: { http: { perInstanceConcurrency: 20 } },
      alwaysReady: [
        { name: "http", instanceCount: 1 },
        { name: "blob", instanceCount: 2 },
      ],
    });
  });

  it("the function app requires TLS 1.2, enables HTTP/2 and disables publishing passwords", () => {
    expect(properties).toMatchObject({
      httpsOnly: true,
      siteConfig: { minTlsVersion: "1.2", scmMinTlsVersion: "1.2", http20Enabled: true },
    });
    const policies = all(platform, "azapi_update_resource");
    expect(policies.map(({ name }) => name).sort()).toEqual(["ftp", "scm"]);
    for (const policy of policies)
      expect(policy).toMatchObject({
        type: expect.stringMatching(/^Microsoft\.Web\/sites\/basicPublishingCredentialsPolicies@/),
        parent_id: expect.stringMatching(/^\$\{azapi_resource\.app_\w+\.id\}$/),
        body: { properties: { allow: false } },
      });
  });

  it("the function app and its policies are changed one after the other, and wait while Azure makes another change", () => {
    // https://github.com/Azure/azure-sdk-for-java/issues/1827 has the response.
    const conflict =
      'RESPONSE 409: 409 Conflict {"Code":"Conflict","Message":"Cannot modify this site because another operation is in progress. Details: Id: 1"}';
    type Change = { retry: { error_message_regex: string[] }; depends_on?: string[] };
    const policies = platform.resource.azapi_update_resource ?? {};
    for (const { retry } of [app, ...Object.values(policies)] as unknown as Change[]) {
      expect(retry.error_message_regex.some((words) => new RegExp(words).test(conflict))).toBe(true);
      expect(retry.error_message_regex.some((words) => new RegExp(words).test("RESPONSE 400: Bad Request"))).toBe(
        false,
      );
    }
    const [ftp] = Object.entries(policies).find(([, { name }]) => name === "ftp") ?? [];
    const scm = Object.values(policies).find(({ name }) => name === "scm") as Change | undefined;
    expect(scm?.depends_on).toEqual([`azapi_update_resource.${ftp}`]);
  });

  it("no change of an azapi resource lasts longer than 15 minutes, for azapi repeats 5xx until then", () => {
    const changes = [...all(platform, "azapi_resource"), ...all(platform, "azapi_update_resource")];
    expect(changes.length).toBeGreaterThan(5);
    for (const { timeouts } of changes) expect(timeouts).toEqual({ create: "15m", update: "15m", delete: "15m" });
  });

  it("the function app leaves its plan behind when it is deleted, so that the app that replaces it has one", () => {
    expect(app.delete_query_parameters).toEqual({ deleteEmptyServerFarm: ["false"] });
  });

  it("the function app has no site property that Flex Consumption rejects", () => {
    expect(Object.keys(properties.siteConfig).sort()).toEqual([
      "appSettings",
      "cors",
      "http20Enabled",
      "minTlsVersion",
      "scmMinTlsVersion",
    ]);
  });

  it("the function app permits CORS for the stage's origins, without credentials", () => {
    const origins = ["https://a.example", "https://b.example"];
    const { siteConfig } = appOf(synthesized("production", { origins }).platform).app.body.properties;
    expect(siteConfig.cors).toEqual({ allowedOrigins: origins, supportCredentials: false });
  });

  it("the function app has its own host names as origins, and fails the apply when Azure chose another name", () => {
    const own = appOf(synthesized("production", { hostNames: ["api.ada.dev"] }).platform);
    const name = `${own.app.name}.azurewebsites.net`;
    expect(own.settings.APP_ORIGINS).toBe(`https://${name},https://api.ada.dev`);
    const { postcondition } = own.app.lifecycle as { postcondition: Record<string, string>[] };
    expect(postcondition).toMatchObject([
      { condition: `\${contains(["${name}","api.ada.dev"], lower(self.output.properties.defaultHostName))}` },
    ]);
    expect(postcondition[0]?.error_message).toContain("APP_ORIGINS");
  });

  it("the function app can have certificates when the stage has a domain of its own, and is validated otherwise", () => {
    expect(properties).not.toHaveProperty("siteScopedCertificatesEnabled");
    expect(app).not.toHaveProperty("schema_validation_enabled");
    const own = appOf(synthesized("production", { hostNames: ["api.ada.dev"] }).platform).app;
    expect(own).toMatchObject({
      schema_validation_enabled: false,
      body: { properties: { siteScopedCertificatesEnabled: true } },
    });
  });

  it("the function app has no setting that Flex Consumption forbids, and no storage connection string", () => {
    expect(Object.keys(settings).filter((name) => forbidden.test(name))).toEqual([]);
    expect(forbidden.test("AzureWebJobsStorage")).toBe(true);
    expect(forbidden.test("AzureWebJobsStorage__accountName")).toBe(false);
  });

  it("the function app reaches the host storage by account name, as its identity", () => {
    expect(settings).toMatchObject({
      AzureWebJobsStorage__accountName: expect.stringMatching(/^\$\{azurerm_storage_account\.host_[\w-]+\.name\}$/),
      AzureWebJobsStorage__credential: "managedidentity",
      AzureWebJobsStorage__clientId: settings.AZURE_CLIENT_ID,
    });
    expect(Object.keys(settings).filter((name) => name.includes("managedIdentityResourceId"))).toEqual([]);
  });

  it("the function app reaches blobs and queues of the trigger connection, as its identity", () => {
    expect(settings).toMatchObject({
      MEDIA__blobServiceUri: expect.stringMatching(
        /^\$\{azurerm_storage_account\.media_[\w-]+\.primary_blob_endpoint\}$/,
      ),
      MEDIA__queueServiceUri: expect.stringMatching(
        /^\$\{azurerm_storage_account\.media_[\w-]+\.primary_queue_endpoint\}$/,
      ),
      MEDIA__credential: "managedidentity",
      MEDIA__clientId: settings.AZURE_CLIENT_ID,
    });
    expect(settings).not.toHaveProperty("MEDIA__accountName");
  });

  it("the function app sends telemetry of host and app as its identity", () => {
    expect(settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING).toBe(
      `ClientId=${settings.AZURE_CLIENT_ID};Authorization=AAD`,
    );
  });

  it("the function app ignores letter case, and takes its host name from Azure's response", () => {
    expect(app).toMatchObject({ ignore_casing: true, response_export_values: ["properties.defaultHostName"] });
    expect(platform.output.app_url?.value).toMatch(
      /^https:\/\/\$\{azapi_resource\.app_\w+\.output\.properties\.defaultHostName\}$/,
    );
  });
});
