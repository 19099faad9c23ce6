// A stage that still has what everybody has is told so, value by value.
import { describe, expect, it } from "vitest";
import { readConfig, type StageOverrides } from "./config.ts";
import { placeholdersOf } from "./placeholders.ts";

const runbooks = "https://github.com/ada/vitae/blob/main/docs/runbooks.md";
const mine = { origins: ["https://ada.dev"], alerts: { runbooks } };
const found = (overrides: Partial<StageOverrides>) =>
  placeholdersOf(readConfig("production", { ...mine, ...overrides }));

describe("the placeholders of a stage", () => {
  it("are none once page and runbooks are one's own", () => {
    expect(found({})).toEqual([]);
  });

  it.each(["https://www.example.com", "https://example.org:8443", "https://cv.example", "https://cv.test"])(
    "are found in the origin %s",
    (origin) => {
      expect(found({ origins: ["https://ada.dev", origin] })).toEqual([expect.stringContaining(`"${origin}"`)]);
    },
  );

  it("are not found in a page whose name only looks like one", () => {
    expect(found({ origins: ["https://myexample.com", "https://example.com.ada.dev"] })).toEqual([]);
  });

  it("are found in the link to runbooks, given or by default", () => {
    expect(found({ alerts: {} })).toEqual([expect.stringMatching(/^alerts\.runbooks is .*OWNER/)]);
    expect(found({ alerts: { runbooks: runbooks.replace("ada", "OWNER") } })).toHaveLength(1);
  });

  it("of a preview are production's: one edit mends both", () => {
    const told = (stage: "production" | "preview-7") => placeholdersOf(readConfig(stage));
    expect(told("preview-7")).toEqual(told("production"));
    expect(readConfig("preview-7").alerts.runbooks).toBe(readConfig("production").alerts.runbooks);
  });
});
