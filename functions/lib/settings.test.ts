// What a deployment may set, and how it is told that it set it wrong.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AppSettings, readSettings, SettingsError, settingNames } from "./settings.ts";

const needed = {
  TABLES_ENDPOINT: "https://vitae.table.cosmos.azure.com:443",
  VAULT_URI: "https://vitae.vault.azure.net/",
  MEDIA__blobServiceUri: "https://vitae.blob.core.windows.net/",
  AZURE_CLIENT_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
} satisfies AppSettings;

function faultsOf(environment: Record<string, string | undefined>): string {
  try {
    readSettings(environment);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.message;
    throw thrown;
  }
  return "";
}

/** Names that a message finds fault with. */
const named = (message: string) => [...message.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name);

describe("settings", () => {
  it("have defaults for all but the three addresses and the identity", () => {
    expect(readSettings(needed)).toEqual({
      ...needed,
      STAGE: "production",
      PAGES: ["resume"],
      SITE_TIME_ZONE: "UTC",
      DAILY_WRITE_BUDGET: 50_000,
      MAX_UPLOAD_BYTES: 10_485_760,
      MAX_IMAGE_PIXELS: 50_000_000,
      TOKEN_ISSUER: "vitae",
      TOKEN_AUDIENCE: "vitae",
      LOG_LEVEL: "info",
      RATE_LIMITS: "on",
      quotas: { authenticated: 200, anonymous: 30, visits: 60, uploads: 30, secret: 10, keys: 5 },
      METRICS_ENABLED: "false",
      OPENAPI_ENABLED: "true",
    });
  });

  it("that are empty or blank count as left out", () => {
    expect(readSettings({ ...needed, PAGES: "", CDN_BASE_URL: "  " })).toEqual(readSettings(needed));
    expect(named(faultsOf({ ...needed, VAULT_URI: " " }))).toEqual(["VAULT_URI"]);
  });

  it("are trimmed, and what is not one is ignored", () => {
    const settings = readSettings({ ...needed, TOKEN_ISSUER: " me ", PATH: "/bin", VITAE_UNKNOWN: "x" });
    expect(settings.TOKEN_ISSUER).toBe("me");
    expect(settings).not.toHaveProperty("PATH");
    expect(settings).not.toHaveProperty("VITAE_UNKNOWN");
  });

  it("are found faulty all at once, each once, with name, problem and example", () => {
    const message = faultsOf({
      TABLES_ENDPOINT: "http://plain.example",
      PAGES: "Resume,Resume,verify",
      SITE_TIME_ZONE: "Mars/Olympus",
      AZURE_CLIENT_ID: "not-a-guid",
    });
    expect(message.split("\n")).toEqual([
      "The settings have 6 fault(s):",
      expect.stringMatching(/^ {2}TABLES_ENDPOINT must be an https:\/\/ URL\. Example: TABLES_ENDPOINT=https:\/\//),
      expect.stringMatching(/^ {2}VAULT_URI is missing\. Example: VAULT_URI=https:\/\//),
      expect.stringMatching(/^ {2}PAGES is lower-case .*\. Example: PAGES=resume,projects$/),
      expect.stringMatching(/^ {2}SITE_TIME_ZONE must be an IANA time zone\. Example: SITE_TIME_ZONE=Europe\/Berlin$/),
      expect.stringMatching(/^ {2}MEDIA__blobServiceUri is missing\. Example: MEDIA__blobServiceUri=https:\/\//),
      expect.stringMatching(/^ {2}AZURE_CLIENT_ID must be .*\. Example: AZURE_CLIENT_ID=[0-9a-f-]{36}$/),
    ]);
  });

  it("have examples that pass", () => {
    const message = faultsOf(Object.fromEntries(settingNames.map((name) => [name, "!"])));
    const examples = [...message.matchAll(/Example: (\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]);
    expect(examples.length).toBeGreaterThanOrEqual(5);
    expect(faultsOf({ ...needed, ...Object.fromEntries(examples) })).toBe("");
  });

  it("are never quoted in a fault, whichever of them is wrong", () => {
    const value = fc.uuid().map((id) => `S3CRET-${id}`);
    const wrong = fc.record(
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
      fc.property(wrong, (environment) => {
        expect(faultsOf(environment)).not.toMatch(/s3cret/i);
      }),
      { numRuns: 300 },
    );
  });
});

describe("PAGES", () => {
  const pagesOf = (PAGES: string) => readSettings({ ...needed, PAGES }).PAGES;

  it("is a list with commas, and spaces around them do not count", () => {
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
    ["a letter beyond ASCII", "résumé"],
    ["a line break", "resume\nprojects"],
    ["an empty place", "resume,,projects"],
    ["a comma at the end", "resume,"],
    ["more than 64 characters", "a".repeat(65)],
  ])("must not have %s", (_, pages) => {
    expect(named(faultsOf({ ...needed, PAGES: pages }))).toEqual(["PAGES"]);
  });
});

describe("SITE_TIME_ZONE", () => {
  it.each(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Apia"])("may be %s", (zone) => {
    expect(readSettings({ ...needed, SITE_TIME_ZONE: zone }).SITE_TIME_ZONE).toBe(zone);
  });

  it.each(["Berlin", "+02:00", "-0330", "CEST", "Europe/Berlin; DROP"])("must not be %s", (zone) => {
    expect(named(faultsOf({ ...needed, SITE_TIME_ZONE: zone }))).toEqual(["SITE_TIME_ZONE"]);
  });
});

describe("an address", () => {
  it.each(["http://127.0.0.1:10002/devstoreaccount1", "vitae.vault.azure.net", "ftp://x.example", "https://", "//x"])(
    "must not be %s: a token travels over TLS or not at all",
    (address) => {
      const faults = faultsOf({ ...needed, TABLES_ENDPOINT: address, VAULT_URI: address });
      expect(named(faults)).toEqual(["TABLES_ENDPOINT", "VAULT_URI"]);
    },
  );

  it("may be one on loopback in the local stage", () => {
    expect(faultsOf({ ...needed, STAGE: "local", TABLES_ENDPOINT: "https://127.0.0.1:10002/devstoreaccount1" })).toBe(
      "",
    );
  });
});

describe("a deployment", () => {
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

  it("is refused what is fine on a laptop, all of it at once, whether it names its stage or not", () => {
    expect(faultsOf({ ...local, STAGE: "local" })).toBe("");
    for (const STAGE of [undefined, "production", "preview-12"])
      expect(named(faultsOf({ ...local, STAGE })).sort()).toEqual([...Object.keys(local), "AZURE_CLIENT_ID"].sort());
  });

  it("hears of weak values together with those that are wrong", () => {
    expect(named(faultsOf({ ...needed, STAGE: "staging", LOG_LEVEL: "loud", RATE_LIMITS: "off" }))).toEqual([
      "STAGE",
      "LOG_LEVEL",
      "RATE_LIMITS",
    ]);
  });

  it("may show its metrics to everybody when it says so", () => {
    expect(readSettings({ ...needed, METRICS_ENABLED: "public" }).METRICS_ENABLED).toBe("public");
  });
});
