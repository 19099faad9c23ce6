// A stage's configuration: what is wrong is named, with what was found and what it should be.
import { describe, expect, it } from "vitest";
import { parseStage, readConfig, type StageOverrides } from "./config.ts";

const faultsOf = (overrides: unknown): string => {
  try {
    readConfig("production", overrides as Partial<StageOverrides>);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the configuration of a stage", () => {
  it("has for production the figures that group commit and the bill need", () => {
    const { scale, vault, dailyWriteBudget } = readConfig("production");
    expect(scale).toEqual({ httpConcurrency: 100, maximumInstances: 10, instanceMemory: 2048, alwaysReady: {} });
    expect(vault).toEqual({ purgeProtection: true, softDelete: 90 });
    expect(dailyWriteBudget).toBe(50_000);
  });

  it("lets a preview go without a trace: no purge protection, a week of soft delete", () => {
    expect(readConfig("preview-7").vault).toEqual({ purgeProtection: false, softDelete: 7 });
  });

  it("names every fault at once: the field, what it should be, what it is", () => {
    const message = faultsOf({
      origins: ["https://www.example.com/"],
      scale: { maximumInstances: 0, instanceMemory: 1024 },
      lifecycle: { coolAfter: 90, coldAfter: 30 },
      pages: ["Résumé"],
    });
    expect(message.split("\n")[0]).toMatch(/^The configuration of production has 5 fault\(s\)/);
    expect(message).toMatch(
      /origins\.0: must be an https origin without a path.*Received "https:\/\/www\.example\.com\/"/,
    );
    expect(message).toMatch(/scale\.maximumInstances: .*>=1.*Received 0/);
    expect(message).toMatch(/scale\.instanceMemory: .*512\|2048\|4096.*Received 1024/);
    expect(message).toMatch(/lifecycle\.coldAfter: must lie between.*Received 30/);
    expect(message).toMatch(/pages: must be lower-case letters.*Received \["Résumé"\]/);
  });

  it.each([
    ["an origin without TLS", { origins: ["http://www.example.com"] }, "origins.0"],
    ["no origin", { origins: [] }, "origins: must name at least one origin"],
    ["an unknown field", { colour: "red" }, '"colour"'],
    ["a field that nobody knows within another", { scale: { instances: 3 } }, "scale: "],
    ["more instances kept ready than may be", { scale: { alwaysReady: { http: 11 } } }, "scale.alwaysReady"],
    ["an unknown kind to keep ready", { scale: { alwaysReady: { timer: 1 } } }, "scale.alwaysReady.timer"],
    ["archive before cold", { lifecycle: { archiveAfter: 60 } }, "lifecycle.coldAfter"],
    ["staged uploads kept for long", { lifecycle: { stagedUploads: 3 } }, "lifecycle.stagedUploads"],
    ["a region in words", { region: "West Europe" }, "region: must be a region"],
    ["soft delete too short for Azure", { vault: { purgeProtection: true, softDelete: 6 } }, "vault.softDelete"],
    ["a time zone that no computer knows", { timeZone: "Europe/Vienna2" }, "timeZone"],
    ["a setting that the app would refuse", { settings: { LOG_LEVEL: "loud" } }, "settings.LOG_LEVEL: must be one of"],
    ["a setting that is not a choice", { settings: { VAULT_URI: "https://x.example" } }, "settings: "],
    ["the reserved page", { pages: ["verify"] }, "pages"],
    ["a page twice", { pages: ["resume", "resume"] }, "pages"],
    ["an alert's threshold below nothing", { alerts: { rules: { slowResponses: { threshold: -1 } } } }, "alerts.rules"],
  ])("refuses %s", (_, overrides, field) => {
    expect(faultsOf(overrides)).toContain(`  ${field.startsWith('"') ? "configuration" : field}`);
    expect(faultsOf(overrides)).toContain(field);
  });
});

describe("the name of a stage", () => {
  it.each(["production", "preview-7", "preview-999999"])("may be %s", (stage) => {
    expect(parseStage(stage)).toBe(stage);
  });

  it.each(["", "local", "staging", "preview-0", "preview-07", "preview-1234567", "preview-7 "])(
    'is not "%s"',
    (stage) => {
      expect(() => parseStage(stage)).toThrow(
        `production or preview-N, N the number of a pull request; received "${stage}"`,
      );
    },
  );
});
