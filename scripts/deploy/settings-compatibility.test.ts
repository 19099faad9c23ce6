// A rollback puts the release before under the settings of this one: it must start with them.
import { describe, expect, it } from "vitest";
import { readSettings } from "../../functions/lib/settings.ts";
import { appOf, synthesized } from "../../infra/synthesized.simulation.ts";
import { createStage } from "./fixtures/stage.ts";
import { seedSettings } from "./seed-stage.ts";
import { describeSettings, faultsWith, type ReleasedSettings, readReleased } from "./settings-compatibility.ts";

const released = JSON.parse(readReleased()) as ReleasedSettings;
const given = (stage: "production" | "preview-7") => appOf(synthesized(stage).platform).settings;

it.each(["production", "preview-7"] as const)("the release before would start with the settings of %s", (stage) => {
  expect(faultsWith(released, given(stage))).toEqual([]);
});

describe("the release before", () => {
  it.each(["TABLES_ENDPOINT", "VAULT_URI", "MEDIA__blobServiceUri", "AZURE_CLIENT_ID"])(
    "is broken by a release that drops %s at once",
    (name) => {
      const { [name]: _, ...rest } = given("production");
      expect(faultsWith(released, rest)).toEqual([expect.stringContaining(`${name} is missing`)]);
    },
  );

  it.each([
    ["LOG_LEVEL", "loud"],
    ["RATE_LIMIT_VISITS", "many"],
    ["STAGE", "staging"],
  ])("is broken by %s=%s, which it does not know", (name, value) => {
    expect(faultsWith(released, { ...given("production"), [name]: value })[0]).toContain(name);
  });

  it("ignores what it has never heard of, as the code does", () => {
    const settings = { ...given("production"), BRAND_NEW: "1" };
    expect(faultsWith(released, settings)).toEqual([]);
    const seeding = seedSettings(createStage().target);
    expect(readSettings({ ...seeding, BRAND_NEW: "1" })).toEqual(readSettings(seeding));
  });
});

it("describes the code as it is: what a deployment needs, and every setting", () => {
  const { required, schema } = describeSettings();
  expect(required).toEqual(["TABLES_ENDPOINT", "VAULT_URI", "MEDIA__blobServiceUri", "AZURE_CLIENT_ID"]);
  expect(Object.keys(schema.properties as object)).toContain("DAILY_WRITE_BUDGET");
  expect(describeSettings()).toEqual(describeSettings());
});
