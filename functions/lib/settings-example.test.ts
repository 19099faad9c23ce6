// The example of local settings and the schema say the same.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { servicePorts } from "../../local/settings-file.ts";
import { readSettings, settingNames } from "./settings.ts";

const file = join(import.meta.dirname, "../../local.settings.example.json");
const { IsEncrypted, Values, Host } = JSON.parse(readFileSync(file, "utf8")) as {
  IsEncrypted: boolean;
  Values: Record<string, string>;
  Host: { CORS: string };
};

/** What the host, the identity library and the bindings read for themselves. */
const theirs = [
  "FUNCTIONS_WORKER_RUNTIME",
  "AzureWebJobsStorage__blobServiceUri",
  "AzureWebJobsStorage__queueServiceUri",
  "AzureWebJobsStorage__tableServiceUri",
  "AzureWebJobsStorage__credential",
  "IDENTITY_ENDPOINT",
  "IDENTITY_HEADER",
  "AZURE_TOKEN_CREDENTIALS",
  "MEDIA__queueServiceUri",
  "MEDIA__credential",
];
/**
 * On the laptop the identity is the machine's own, links begin with the address at which the local host listens, nobody
 * collects telemetry, and no platform names the app.
 */
const leftOut = ["CDN_BASE_URL", "AZURE_CLIENT_ID", "APPLICATIONINSIGHTS_CONNECTION_STRING", "WEBSITE_SITE_NAME"];

test("the example names every setting, and nothing that nobody reads", () => {
  expect(settingNames.filter((name) => !(name in Values))).toEqual(leftOut);
  const known: string[] = [...settingNames, ...theirs];
  expect(Object.keys(Values).filter((name) => !known.includes(name))).toEqual([]);
});

test("the example's values are accepted", () => {
  expect(() => readSettings(Values)).not.toThrow();
});

test("the example is one that Core Tools reads, for Node.js, and holds no key", () => {
  expect(IsEncrypted).toBe(false);
  expect(Values.FUNCTIONS_WORKER_RUNTIME).toBe("node");
  expect(Object.values(Values).filter((value) => typeof value !== "string")).toEqual([]);
  expect(typeof Host.CORS).toBe("string");
  expect(JSON.stringify(Values)).not.toMatch(/AccountKey|SharedAccess|UseDevelopmentStorage|password/i);
});

test("the example gives each service a port of its own", () => {
  const ports = Object.values(servicePorts({ values: Values, cors: [], file }));
  expect(new Set(ports).size).toBe(5);
});
