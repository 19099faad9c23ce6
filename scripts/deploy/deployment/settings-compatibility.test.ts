// The previous release must start with the settings of this one, since a rollback replaces only the code.
import { describe, expect, it } from "vitest";
import { readSettings } from "../../../functions/lib/settings.ts";
import { appOf, synthesized } from "../../../infra/synthesized.fixture.ts";
import { seedSettings } from "./seed-deployment.ts";
import {
  describeSettings,
  incompatibilitiesOf,
  type ReleasedSettings,
  readReleased,
} from "./settings-compatibility.ts";
import { createStage } from "./simulated-stage.fixture.ts";

const released = JSON.parse(readReleased()) as ReleasedSettings;
const settingsOf = (stage: "production" | "preview-7") => appOf(synthesized(stage).platform).settings;

it.each(["production", "preview-7"] as const)("the previous release starts with the settings of %s", (stage) => {
  expect(incompatibilitiesOf(released, settingsOf(stage))).toEqual([]);
});

describe("incompatibilitiesOf", () => {
  it.each(["TABLES_ENDPOINT", "VAULT_URI", "MEDIA__blobServiceUri", "AZURE_CLIENT_ID"])(
    "incompatibilitiesOf reports that %s was dropped",
    (name) => {
      const { [name]: _, ...rest } = settingsOf("production");
      expect(incompatibilitiesOf(released, rest)).toEqual([expect.stringContaining(`${name} is missing`)]);
    },
  );

  it.each([
    ["LOG_LEVEL", "loud"],
    ["RATE_LIMIT_VISITS", "many"],
    ["STAGE", "staging"],
  ])("incompatibilitiesOf reports %s=%s as invalid for the previous release", (name, value) => {
    expect(incompatibilitiesOf(released, { ...settingsOf("production"), [name]: value })[0]).toContain(name);
  });

  it("incompatibilitiesOf ignores unknown settings, as the code does", () => {
    const settings = { ...settingsOf("production"), BRAND_NEW: "1" };
    expect(incompatibilitiesOf(released, settings)).toEqual([]);
    const seeding = seedSettings(createStage().target);
    expect(readSettings({ ...seeding, BRAND_NEW: "1" })).toEqual(readSettings(seeding));
  });
});

it("describeSettings lists the required settings and every setting", () => {
  const { required, schema } = describeSettings();
  expect(required).toEqual([
    "TABLES_ENDPOINT",
    "VAULT_URI",
    "MEDIA__blobServiceUri",
    "SITE_BLOB_ENDPOINT",
    "SITE_URL",
    "AZURE_CLIENT_ID",
  ]);
  expect(Object.keys(schema.properties as object)).toContain("DAILY_WRITE_BUDGET");
  expect(describeSettings()).toEqual(describeSettings());
});
