// placeholdersOf reports each value that was not replaced.
import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import type { StageOverrides } from "./config-schema.ts";
import { placeholdersOf } from "./placeholders.ts";

const runbooks = "https://github.com/ada/vitae/blob/main/docs/runbooks.md";
const mine = { origins: ["https://ada.dev"], ownerEmail: "ada@ada.dev", alerts: { runbooks } };
const found = (overrides: Partial<StageOverrides>) =>
  placeholdersOf(readConfig("production", { ...mine, ...overrides }));

describe("placeholdersOf", () => {
  it("placeholdersOf returns nothing when page, owner and runbooks were replaced", () => {
    expect(found({})).toEqual([]);
  });

  it.each(["https://www.example.com", "https://example.org:8443", "https://cv.example", "https://cv.test"])(
    "placeholdersOf reports the origin %s",
    (origin) => {
      expect(found({ origins: ["https://ada.dev", origin] })).toEqual([expect.stringContaining(`"${origin}"`)]);
    },
  );

  it("placeholdersOf accepts an origin that only resembles a placeholder", () => {
    expect(found({ origins: ["https://myexample.com", "https://example.com.ada.dev"] })).toEqual([]);
  });

  it("placeholdersOf reports the runbooks link, configured or by default", () => {
    expect(found({ alerts: {} })).toEqual([expect.stringMatching(/^alerts\.runbooks is .*OWNER/)]);
    expect(found({ alerts: { runbooks: runbooks.replace("ada", "OWNER") } })).toHaveLength(1);
  });

  it("placeholdersOf reports the owner's placeholder, and not the address of previews", () => {
    expect(found({ ownerEmail: "owner@example.com" })).toEqual([expect.stringMatching(/^ownerEmail is "owner@ex/)]);
    expect(found({ ownerEmail: readConfig("preview-7").ownerEmail })).toEqual([]);
  });

  it("placeholdersOf reports page and runbooks of a preview as for production", () => {
    const reported = (stage: "production" | "preview-7") =>
      placeholdersOf({ ...readConfig(stage), ownerEmail: mine.ownerEmail });
    expect(reported("preview-7")).toEqual(reported("production"));
    expect(readConfig("preview-7").alerts.runbooks).toBe(readConfig("production").alerts.runbooks);
  });
});
