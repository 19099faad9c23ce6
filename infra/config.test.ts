// The configuration of a stage: defaults, and errors with rule and received value.
import { describe, expect, it } from "vitest";
import { triggers } from "../functions/triggers.ts";
import { MAX_WRITERS } from "../functions/visitor-counter/total.ts";
import { parseStage, readConfig } from "./config.ts";
import type { StageOverrides } from "./config-schema.ts";

const GUID = "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11";
const errorOf = (overrides: unknown): string => {
  try {
    readConfig("production", overrides as Partial<StageOverrides>);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("readConfig", () => {
  it("readConfig returns the scale, vault and write budget of production", () => {
    const { scale, vault, dailyWriteBudget } = readConfig("production");
    expect(scale).toEqual({ httpConcurrency: 100, maximumInstances: 12, instanceMemory: 2048, alwaysReady: {} });
    expect(vault).toEqual({ purgeProtection: true, softDelete: 90 });
    expect(dailyWriteBudget).toBe(50_000);
  });

  it("readConfig returns no purge protection and a week of soft delete for a preview", () => {
    expect(readConfig("preview-7").vault).toEqual({ purgeProtection: false, softDelete: 7 });
  });

  it("readConfig returns an instance for each group of functions of a preview", () => {
    const groups = ["HTTP", ...triggers.map(({ name }) => name)];
    expect(readConfig("preview-7").scale.maximumInstances).toBe(groups.length);
    expect(readConfig("production").scale.maximumInstances).toBeGreaterThanOrEqual(groups.length);
  });

  it("readConfig bounds the instances so that replaced ones still fit into a row of the counter", () => {
    const { maximumInstances } = readConfig("production", { scale: { maximumInstances: 30 } }).scale;
    expect(maximumInstances * 2).toBeLessThanOrEqual(MAX_WRITERS);
  });

  it("readConfig reports every issue at once with field, rule and received value", () => {
    const message = errorOf({
      origins: ["https://www.example.com/"],
      scale: { maximumInstances: 0, instanceMemory: 1024 },
      lifecycle: { coolAfter: 90, coldAfter: 30 },
      pages: ["Résumé"],
    });
    expect(message.split("\n")[0]).toMatch(/^The configuration of production has 5 issue\(s\)/);
    expect(message).toMatch(
      /origins\.0: must be an https origin without a path.*Received "https:\/\/www\.example\.com\/"/,
    );
    expect(message).toMatch(/scale\.maximumInstances: .*>=1.*Received 0/);
    expect(message).toMatch(/scale\.instanceMemory: must be 2048 or 4096.*Received 1024/);
    expect(message).toMatch(/lifecycle\.coldAfter: must lie between.*Received 30/);
    expect(message).toMatch(/pages: must be lower-case letters.*Received \["Résumé"\]/);
  });

  it.each([
    ["an origin without TLS", { origins: ["http://www.example.com"] }, "origins.0"],
    ["a daily cap below Azure's least", { telemetry: { dailyCap: 0.02 } }, "telemetry.dailyCap"],
    ["no origin", { origins: [] }, "origins: must name at least one origin"],
    ["a host name with a scheme", { hostNames: ["https://api.ada.dev"] }, "hostNames.0: must be a host name"],
    ["an owner without an address", { ownerEmail: "ada" }, "ownerEmail: must be an e-mail address"],
    ["an unknown field", { colour: "red" }, "colour: "],
    ["a site that is neither on nor off", { site: { enabled: "yes" } }, "site.enabled: "],
    ["an unknown nested field", { scale: { instances: 3 } }, "scale.instances: "],
    [
      "instances without memory for images",
      { scale: { instanceMemory: 512 } },
      "scale.instanceMemory: must be 2048 or",
    ],
    ["more instances than half of the writers that a row admits", { scale: { maximumInstances: 31 } }, "scale.max"],
    ["more always-ready instances than the maximum", { scale: { alwaysReady: { http: 13 } } }, "scale.alwaysReady"],
    ["an unknown always-ready group", { scale: { alwaysReady: { timer: 1 } } }, "scale.alwaysReady.timer"],
    ["archive before cold", { lifecycle: { archiveAfter: 60 } }, "lifecycle.coldAfter"],
    ["a region in display form", { region: "West Europe" }, "region: must be a region"],
    ["soft delete too short for Azure", { vault: { purgeProtection: true, softDelete: 6 } }, "vault.softDelete"],
    ["an unknown time zone", { timeZone: "Europe/Vienna2" }, "timeZone"],
    ["a setting that the app rejects", { settings: { LOG_LEVEL: "loud" } }, "settings.LOG_LEVEL: must be one of"],
    ["a setting that a stage may not set", { settings: { VAULT_URI: "https://x.example" } }, "settings.VAULT_URI: "],
    [
      "one of Entra's two settings",
      { settings: { ENTRA_AUDIENCE: GUID } },
      "settings.ENTRA_TENANT_ID: and ENTRA_AUDIENCE",
    ],
    [
      "an Entra tenant that is a name",
      { settings: { ENTRA_TENANT_ID: "ada", ENTRA_AUDIENCE: GUID } },
      "settings.ENTRA",
    ],
    [
      "a signing key that is late at once",
      { settings: { SIGNING_KEY_LIFETIME_DAYS: "1" } },
      "settings.SIGNING_KEY_TRAN",
    ],
    ["the reserved page", { pages: ["verify"] }, "pages"],
    ["a page twice", { pages: ["resume", "resume"] }, "pages"],
    ["a negative alert threshold", { alerts: { rules: { slowResponses: { threshold: -1 } } } }, "alerts.rules"],
  ])("readConfig rejects %s", (_, overrides, field) => {
    expect(errorOf(overrides)).toContain(`  ${field}`);
  });
});

describe("parseStage", () => {
  it.each(["production", "preview-7", "preview-999999"])("parseStage accepts %s", (stage) => {
    expect(parseStage(stage)).toBe(stage);
  });

  it.each(["", "local", "staging", "preview-0", "preview-07", "preview-1234567", "preview-7 "])(
    'parseStage rejects "%s"',
    (stage) => {
      expect(() => parseStage(stage)).toThrow(
        `production or preview-N, where N is the number of a pull request; received "${stage}"`,
      );
    },
  );
});
