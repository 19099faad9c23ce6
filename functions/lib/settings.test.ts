// Which settings are accepted, and the error that reports all issues.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSettings, SettingsError } from "./settings.ts";
import { type AppSettings, settingNames } from "./settings-schema.ts";

const required = {
  TABLES_ENDPOINT: "https://vitae.table.cosmos.azure.com:443",
  VAULT_URI: "https://vitae.vault.azure.net/",
  MEDIA__blobServiceUri: "https://vitae.blob.core.windows.net/",
  AZURE_CLIENT_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
} satisfies AppSettings;

function messageOf(environment: Record<string, string | undefined>): string {
  try {
    readSettings(environment);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.message;
    throw thrown;
  }
  return "";
}

/** Names of the settings that a message lists. */
const namesIn = (message: string) => [...message.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);

describe("readSettings", () => {
  it("fills in defaults for all but the three addresses and the identity", () => {
    expect(readSettings(required)).toEqual({
      ...required,
      STAGE: "production",
      PAGES: ["resume"],
      SITE_TIME_ZONE: "UTC",
      DAILY_WRITE_BUDGET: 50_000,
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
      "The settings have 6 issue(s):",
      expect.stringMatching(/^ {2}TABLES_ENDPOINT must be an https:\/\/ URL\. Example: TABLES_ENDPOINT=https:\/\//),
      expect.stringMatching(/^ {2}VAULT_URI is missing\. Example: VAULT_URI=https:\/\//),
      expect.stringMatching(/^ {2}PAGES must be lower-case .*\. Example: PAGES=resume,projects$/),
      expect.stringMatching(/^ {2}SITE_TIME_ZONE must be an IANA time zone\. Example: SITE_TIME_ZONE=Europe\/Berlin$/),
      expect.stringMatching(/^ {2}MEDIA__blobServiceUri is missing\. Example: MEDIA__blobServiceUri=https:\/\//),
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

describe("THUMBNAIL_WIDTHS", () => {
  it("accepts up to six widths with the thumbnail's among them", () => {
    const { THUMBNAIL_WIDTHS } = readSettings({ ...required, THUMBNAIL_WIDTHS: "2560, 256,16,17,18,19" });
    expect(THUMBNAIL_WIDTHS).toEqual([2_560, 256, 16, 17, 18, 19]);
  });

  it.each(["", "256,15", "256,2561", "256,640.5", "256,x", "256,,640", "256,256", "640", "256,16,17,18,19,20,21"])(
    "rejects %j, unless it is empty, which is the default",
    (widths) => {
      expect(messageOf({ ...required, THUMBNAIL_WIDTHS: widths })).toMatch(widths ? /THUMBNAIL_WIDTHS must/ : /^$/);
    },
  );
});

describe("PAGES", () => {
  const pagesOf = (PAGES: string) => readSettings({ ...required, PAGES }).PAGES;

  it("accepts names separated by commas and optional spaces in PAGES", () => {
    expect(pagesOf("resume, projects ,blog-2")).toEqual(["resume", "projects", "blog-2"]);
    expect(pagesOf(`a,${"b".repeat(64)}`)).toEqual(["a", "b".repeat(64)]);
  });

  it.each([
    ["a page twice", "resume,projects,resume"],
    ["the reserved page", "resume,verify"],
    ["an upper-case letter", "Resume"],
    ["a space inside", "my resume"],
    ["a path", "a/b"],
    ["a double hyphen", "a--b"],
    ["a hyphen at an end", "a-"],
    ["an underscore", "a_b"],
    ["a letter outside of ASCII", "résumé"],
    ["a line break", "resume\nprojects"],
    ["an empty item", "resume,,projects"],
    ["a comma at the end", "resume,"],
    ["more than 64 characters", "a".repeat(65)],
  ])("rejects %s in PAGES", (_, pages) => {
    expect(namesIn(messageOf({ ...required, PAGES: pages }))).toEqual(["PAGES"]);
  });
});

describe("SITE_TIME_ZONE", () => {
  it.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Apia"])(
    "accepts the time zone %s",
    (zone) => {
      expect(readSettings({ ...required, SITE_TIME_ZONE: zone }).SITE_TIME_ZONE).toBe(zone);
    },
  );

  it.each(["Berlin", "+02:00", "-0330", "CEST", "Europe/Berlin; DROP"])("rejects the time zone %s", (zone) => {
    expect(namesIn(messageOf({ ...required, SITE_TIME_ZONE: zone }))).toEqual(["SITE_TIME_ZONE"]);
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

describe("endpoint settings", () => {
  it.each(["http://127.0.0.1:10002/devstoreaccount1", "vitae.vault.azure.net", "ftp://x.example", "https://", "//x"])(
    "rejects the endpoint %s, since tokens travel over TLS only",
    (address) => {
      const message = messageOf({ ...required, TABLES_ENDPOINT: address, VAULT_URI: address });
      expect(namesIn(message)).toEqual(["TABLES_ENDPOINT", "VAULT_URI"]);
    },
  );

  it("accepts a loopback endpoint in the local stage", () => {
    expect(
      messageOf({ ...required, STAGE: "local", TABLES_ENDPOINT: "https://127.0.0.1:10002/devstoreaccount1" }),
    ).toBe("");
  });
});

describe("deployment settings", () => {
  const local = {
    TABLES_ENDPOINT: "https://127.0.0.1:10002/devstoreaccount1",
    VAULT_URI: "https://localhost:10004/",
    MEDIA__blobServiceUri: "https://[::1]:10000/devstoreaccount1",
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
