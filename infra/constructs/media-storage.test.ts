// The account of the pictures: which pages may use links, and which pictures end when.
import { describe, expect, it } from "vitest";
import type { StageOverrides } from "../config.ts";
import { type Block, one, synthesized } from "../synthesized.fixture.ts";

type Actions = Readonly<Partial<Record<"base_blob" | "version" | "snapshot", Readonly<Record<string, number>>>>>;
type Rule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly filters: Block & {
    readonly prefix_match?: string[];
    readonly match_blob_index_tag?: Record<string, string>[];
  };
  readonly actions: Actions;
};

function rulesOf(overrides: Partial<StageOverrides> = {}, account = "media_"): Rule[] {
  const { platform } = synthesized("production", overrides);
  return one<{ rule: Rule[] }>(platform, "azurerm_storage_management_policy", account).rule;
}

/** What happens to a blob by age alone, as Azure reads the rules. */
function fate(rules: Rule[], blob: string, tags: Record<string, string> = {}): Record<string, number> {
  const fits = ({ filters }: Rule) =>
    (filters.prefix_match ?? [""]).some((prefix) => blob.startsWith(prefix)) &&
    (filters.match_blob_index_tag ?? []).every((tag) => tag.operation === "==" && tags[tag.name ?? ""] === tag.value);
  return Object.assign(
    {},
    ...rules.filter((rule) => rule.enabled && fits(rule)).map(({ actions }) => actions.base_blob),
  );
}

const DELETE = "delete_after_days_since_creation_greater_than";
const COOL = { tier_to_cool_after_days_since_creation_greater_than: 30 };
const COLD = { tier_to_cold_after_days_since_creation_greater_than: 90 };

describe("a picture", () => {
  const rules = rulesOf();

  it.each([90, 180, 365])("tagged to be kept %d days is deleted after them, with its thumbnail", (days) => {
    const tags = { retention: String(days) };
    expect(fate(rules, "images/owner/id/a.jpg", tags)).toEqual({ ...COOL, ...COLD, [DELETE]: days });
    expect(fate(rules, "thumbnails/owner/id/thumb_256.webp", tags)).toEqual({ [DELETE]: days });
  });

  it.each([{}, { retention: "keep" }, { retention: "" }, { other: "90" }])("tagged %j is never deleted", (tags) => {
    expect(fate(rules, "images/owner/id/a.jpg", tags)).toEqual({ ...COOL, ...COLD });
    expect(fate(rules, "thumbnails/owner/id/thumb_256.webp", tags)).toEqual({});
  });

  it("is archived only where the stage asks", () => {
    expect(JSON.stringify(rules)).not.toContain("archive");
    const archiving = rulesOf({ lifecycle: { archiveAfter: 400 } });
    expect(fate(archiving, "images/x")).toMatchObject({ tier_to_archive_after_days_since_creation_greater_than: 400 });
  });

  it("is kept as an old version for 30 days, whatever its tag was", () => {
    const versions = rules.filter(({ actions }) => actions.version);
    expect(versions.map(({ filters, actions }) => [filters.prefix_match, actions])).toEqual([
      [["images/", "thumbnails/"], { version: { delete_after_days_since_creation: 30 } }],
      [["uploads/"], { base_blob: { [DELETE]: 1 }, version: { delete_after_days_since_creation: 1 } }],
    ]);
    for (const { filters } of versions) expect(filters).not.toHaveProperty("match_blob_index_tag");
  });

  it("that was staged and not committed goes after a day, or two where the stage says so", () => {
    expect(fate(rules, "uploads/owner/id/a.jpg")).toEqual({ [DELETE]: 1 });
    expect(fate(rulesOf({ lifecycle: { stagedUploads: 2 } }), "uploads/x")).toEqual({ [DELETE]: 2 });
  });

  it("follows other numbers of days where the stage has them", () => {
    const other = rulesOf({ lifecycle: { retention: [7], coolAfter: 1, coldAfter: 2, oldVersions: 3 } });
    expect(fate(other, "images/x", { retention: "7" })).toEqual({
      [DELETE]: 7,
      tier_to_cool_after_days_since_creation_greater_than: 1,
      tier_to_cold_after_days_since_creation_greater_than: 2,
    });
    expect(fate(other, "images/x", { retention: "90" })).not.toHaveProperty(DELETE);
  });
});

describe("a rule", () => {
  it("has a name of its own, applies to block blobs, and counts from one day only", () => {
    for (const account of ["media_", "host_"]) {
      const rules = rulesOf({}, account);
      expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
      for (const { filters, actions } of rules) {
        expect(filters.blob_types).toEqual(["blockBlob"]);
        const kinds = Object.keys(actions.base_blob ?? {}).map(
          (name) => /since_(\w+?)_(?:greater|than)/.exec(name)?.[1],
        );
        expect(new Set(kinds).size).toBeLessThanOrEqual(1);
      }
    }
  });

  it("of the host's account takes undelivered events after a month, and nothing that the host or a rollback needs", () => {
    const rules = rulesOf({}, "host_");
    expect(fate(rules, "dead-letters/x")).toEqual({ [DELETE]: 30 });
    for (const blob of ["deploymentpackage/x", "releases/x", "azure-webjobs-hosts/locks"])
      expect(fate(rules, blob)).toEqual({});
  });
});

it("lets the stage's pages read and put by link, and no other page, and no host page at all", () => {
  const origins = ["https://a.example", "https://b.example"];
  const { platform } = synthesized("production", { origins });
  expect(one(platform, "azurerm_storage_account", "media_")).toHaveProperty("blob_properties.cors_rule", [
    {
      allowed_origins: origins,
      allowed_methods: ["GET", "HEAD", "PUT"],
      allowed_headers: ["x-ms-*", "content-type"],
      exposed_headers: ["ETag", "x-ms-request-id"],
      max_age_in_seconds: 3600,
    },
  ]);
  expect(one(platform, "azurerm_storage_account", "host_")).not.toHaveProperty("blob_properties.cors_rule");
});
