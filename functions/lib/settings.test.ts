// How settings are read, the error that reports all issues, and the rules across settings.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf, namesIn, required } from "./settings.fixture.ts";
import { readSettings } from "./settings.ts";
import { settingNames } from "./settings-schema.ts";

describe("readSettings", () => {
  it("fills in defaults for all but the addresses and the identity", () => {
    expect(readSettings(required)).toEqual({
      ...required,
      STAGE: "production",
      PAGES: ["resume"],
      SITE_TIME_ZONE: "UTC",
      DAILY_WRITE_BUDGET: 50_000,
      COUNT_BOTS: "false",
      UNIQUES: "on",
      MAX_UPLOAD_BYTES: 10_485_760,
      MAX_IMAGE_PIXELS: 50_000_000,
      THUMBNAIL_WIDTHS: [256, 640, 1_280],
      APP_ORIGINS: [],
      TOKEN_ISSUER: "vitae",
      TOKEN_AUDIENCE: "vitae",
      SIGNING_KEY_LIFETIME_DAYS: 30,
      SIGNING_KEY_TRANSITION_DAYS: 1,
      LOG_LEVEL: "info",
      RATE_LIMITS: "on",
      quotas: { authenticated: 200, anonymous: 30, visits: 60, uploads: 30, secret: 10, keys: 5 },
      METRICS_ENABLED: "false",
      OPENAPI_ENABLED: "true",
    });
  });

  it("treats empty and blank settings as missing", () => {
    expect(readSettings({ ...required, PAGES: "", CDN_BASE_URL: "  " })).toEqual(readSettings(required));
    expect(namesIn(messageOf({ ...required, VAULT_URI: " " }))).toEqual(["VAULT_URI"]);
  });

  it("trims values and ignores other variables", () => {
    const settings = readSettings({ ...required, TOKEN_ISSUER: " me ", PATH: "/bin", VITAE_UNKNOWN: "x" });
    expect(settings.TOKEN_ISSUER).toBe("me");
    expect(settings).not.toHaveProperty("PATH");
    expect(settings).not.toHaveProperty("VITAE_UNKNOWN");
  });

  it("reports all issues at once, one line per setting, with name, rule and example", () => {
    const message = messageOf({
      TABLES_ENDPOINT: "http://plain.example",
      PAGES: "Resume,Resume,verify",
      SITE_TIME_ZONE: "Mars/Olympus",
      AZURE_CLIENT_ID: "not-a-guid",
    });
    expect(message.split("\n")).toEqual([
      "The settings have 8 issue(s):",
      expect.stringMatching(/^ {2}TABLES_ENDPOINT must be an https:\/\/ URL\. Example: TABLES_ENDPOINT=https:\/\//),
      expect.stringMatching(/^ {2}VAULT_URI is missing\. Example: VAULT_URI=https:\/\//),
      expect.stringMatching(/^ {2}PAGES must be lower-case .*\. Example: PAGES=resume,projects$/),
      expect.stringMatching(/^ {2}SITE_TIME_ZONE must be an IANA time zone\. Example: SITE_TIME_ZONE=Europe\/Berlin$/),
      expect.stringMatching(/^ {2}MEDIA__blobServiceUri is missing\. Example: MEDIA__blobServiceUri=https:\/\//),
      expect.stringMatching(/^ {2}SITE_BLOB_ENDPOINT is missing\. Example: SITE_BLOB_ENDPOINT=https:\/\//),
      expect.stringMatching(/^ {2}SITE_URL is missing\. Example: SITE_URL=https:\/\/.+\/$/),
      expect.stringMatching(/^ {2}AZURE_CLIENT_ID must be .*\. Example: AZURE_CLIENT_ID=[0-9a-f-]{36}$/),
    ]);
  });

  it("accepts its own examples", () => {
    const message = messageOf(Object.fromEntries(settingNames.map((name) => [name, "!"])));
    const examples = [...message.matchAll(/Example: (\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]);
    expect(examples.length).toBeGreaterThanOrEqual(5);
    expect(messageOf({ ...required, ...Object.fromEntries(examples) })).toBe("");
  });

  it("never quotes a value in its message", () => {
    const value = fc.uuid().map((id) => `S3CRET-${id}`);
    const environments = fc.record(
      Object.fromEntries(
        settingNames.map((name) => [
          name,
          fc.oneof(
            value,
            value.map((one) => `https:${one},`),
          ),
        ]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(environments, (environment) => {
        expect(messageOf(environment)).not.toMatch(/s3cret/i);
      }),
      { numRuns: 300 },
    );
  });
});

it.each([
  ["1", "1"],
  ["30", "31"],
])("rejects a signing key lifetime of %s days with a transition of %s days", (lifetime, transition) => {
  const settings = { SIGNING_KEY_LIFETIME_DAYS: lifetime, SIGNING_KEY_TRANSITION_DAYS: transition };
  const message = messageOf({ ...required, ...settings });
  expect(namesIn(message)).toEqual(["SIGNING_KEY_TRANSITION_DAYS"]);
  expect(message).toContain("must be less than SIGNING_KEY_LIFETIME_DAYS");
});

describe("ENTRA_TENANT_ID and ENTRA_AUDIENCE", () => {
  const entra = {
    ENTRA_TENANT_ID: "8c1f4a7e-9a55-4b1c-9b0e-3f3d2a1c0b9a",
    ENTRA_AUDIENCE: "1f0e5b34-6a0f-4a3a-8f0e-0d6b1f2a7c11",
  };

  it.each(["ENTRA_TENANT_ID", "ENTRA_AUDIENCE"] as const)("reports both names when only %s is set", (name) => {
    const message = messageOf({ ...required, [name]: entra[name] });
    expect(message).toContain("set ENTRA_TENANT_ID and ENTRA_AUDIENCE, or neither");
    expect(namesIn(message)).not.toContain(name);
  });

  it("accepts both and rejects what is no GUID, such as the tenant `common`", () => {
    expect(readSettings({ ...required, ...entra })).toMatchObject(entra);
    expect(namesIn(messageOf({ ...required, ENTRA_TENANT_ID: "common", ENTRA_AUDIENCE: "api://vitae" }))).toEqual([
      "ENTRA_TENANT_ID",
      "ENTRA_AUDIENCE",
    ]);
  });
});

describe("deployment settings", () => {
  const local = {
    TABLES_ENDPOINT: "https://127.0.0.1:10002/devstoreaccount1",
    VAULT_URI: "https://localhost:10004/",
    MEDIA__blobServiceUri: "https://[::1]:10000/devstoreaccount1",
    SITE_BLOB_ENDPOINT: "https://127.0.0.1:10000/site",
    SITE_URL: "http://localhost:7071/",
    CDN_BASE_URL: "http://cdn.example.com",
    RATE_LIMITS: "off",
    METRICS_ENABLED: "true",
    APPLICATIONINSIGHTS_CONNECTION_STRING:
      "InstrumentationKey=6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11;IngestionEndpoint=http://127.0.0.1:9/",
  };

  it("rejects all values that only a laptop may have, with and without STAGE", () => {
    expect(messageOf({ ...local, STAGE: "local" })).toBe("");
    for (const STAGE of [undefined, "production", "preview-12"])
      expect(namesIn(messageOf({ ...local, STAGE })).sort()).toEqual([...Object.keys(local), "AZURE_CLIENT_ID"].sort());
  });

  it("reports invalid values and values for laptops together", () => {
    expect(namesIn(messageOf({ ...required, STAGE: "staging", LOG_LEVEL: "loud", RATE_LIMITS: "off" }))).toEqual([
      "STAGE",
      "LOG_LEVEL",
      "RATE_LIMITS",
    ]);
  });

  it("accepts public metrics when METRICS_ENABLED is public", () => {
    expect(readSettings({ ...required, METRICS_ENABLED: "public" }).METRICS_ENABLED).toBe("public");
  });
});
