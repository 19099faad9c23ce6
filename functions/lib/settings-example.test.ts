// local.settings.example.json matches the schema of the settings.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { servicePorts } from "../../local/settings-file.ts";
import { readSettings } from "./settings.ts";
import { bodyLimit, settingNames } from "./settings-schema.ts";

const file = join(import.meta.dirname, "../../local.settings.example.json");
const { IsEncrypted, Values, Host } = JSON.parse(readFileSync(file, "utf8")) as {
  IsEncrypted: boolean;
  Values: Record<string, string>;
  Host: { CORS: string };
};

/** Read by the host, the identity library and the bindings. */
const platformSettings = [
  "FUNCTIONS_WORKER_RUNTIME",
  "AzureWebJobsStorage__blobServiceUri",
  "AzureWebJobsStorage__queueServiceUri",
  "AzureWebJobsStorage__tableServiceUri",
  "AzureWebJobsStorage__credential",
  "IDENTITY_ENDPOINT",
  "IDENTITY_HEADER",
  "AZURE_TOKEN_CREDENTIALS",
  "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT",
  "MEDIA__queueServiceUri",
  "MEDIA__credential",
];
/** A laptop has a system-assigned identity, and none of the other services; the local host knows its addresses. */
const omitted = [
  "CDN_BASE_URL",
  "IMAGE_REPAIR_LIMIT",
  "AZURE_CLIENT_ID",
  "APP_ORIGINS",
  "ENTRA_TENANT_ID",
  "ENTRA_AUDIENCE",
  "APPLICATIONINSIGHTS_CONNECTION_STRING",
  "WEBSITE_SITE_NAME",
];

test("the example has every setting and no unknown one", () => {
  expect(settingNames.filter((name) => !(name in Values))).toEqual(omitted);
  const known: string[] = [...settingNames, ...platformSettings];
  expect(Object.keys(Values).filter((name) => !known.includes(name))).toEqual([]);
});

test("readSettings accepts the example", () => {
  expect(() => readSettings(Values)).not.toThrow();
});

test("the example limits bodies as infra does", () => {
  expect(Values.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT).toBe(String(bodyLimit(Number(Values.MAX_UPLOAD_BYTES))));
});

test("the example is readable by Core Tools and contains no key", () => {
  expect(IsEncrypted).toBe(false);
  expect(Values.FUNCTIONS_WORKER_RUNTIME).toBe("node");
  expect(Object.values(Values).filter((value) => typeof value !== "string")).toEqual([]);
  expect(typeof Host.CORS).toBe("string");
  expect(JSON.stringify(Values)).not.toMatch(/AccountKey|SharedAccess|UseDevelopmentStorage|password/i);
});

test("the example has a different port for each service", () => {
  const ports = Object.values(servicePorts({ values: Values, cors: [], file }));
  expect(new Set(ports).size).toBe(5);
});
