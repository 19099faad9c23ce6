// The media account: CORS and lifecycle rules.
import { describe, expect, it } from "vitest";
import { retentions } from "../../functions/lib/names.ts";
import type { StageOverrides } from "../config-schema.ts";
import { builtInRoles } from "../role-assignment.ts";
import { all, type Block, one, synthesized } from "../synthesized.fixture.ts";

type Actions = Readonly<Partial<Record<"base_blob" | "version" | "snapshot", Readonly<Record<string, number>>>>>;
type Tag = { readonly name: string; readonly operation: string; readonly value: string };
type Rule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly filters: Block & { readonly prefix_match?: string[]; readonly match_blob_index_tag?: Tag[] };
  readonly actions: Actions;
};

function rulesOf(overrides: Partial<StageOverrides> = {}, account = "media_"): Rule[] {
  const { platform } = synthesized("production", overrides);
  return one<{ rule: Rule[] }>(platform, "azurerm_storage_management_policy", account).rule;
}

/** The actions on a blob by its age, as Azure applies the rules: all conditions of a filter must match. */
function actionsOn(rules: Rule[], blob: string, tags: Record<string, string> = {}): Record<string, number> {
  const matches = ({ filters }: Rule) =>
    (filters.prefix_match ?? [""]).some((prefix) => blob.startsWith(prefix)) &&
    (filters.match_blob_index_tag ?? []).every((tag) => tag.operation === "==" && tags[tag.name] === tag.value);
  return Object.assign(
    {},
    ...rules.filter((rule) => rule.enabled && matches(rule)).map(({ actions }) => actions.base_blob),
  );
}

const DELETE = "delete_after_days_since_creation_greater_than";
const COOL = { tier_to_cool_after_days_since_creation_greater_than: 30 };
const COLD = { tier_to_cold_after_days_since_creation_greater_than: 90 };

describe("media lifecycle", () => {
  const rules = rulesOf();

  it("the media lifecycle policy moves originals to cool and cold, and deletes none without a tag", () => {
    expect(actionsOn(rules, "images/owner/id/a.jpg")).toEqual({ ...COOL, ...COLD });
    expect(actionsOn(rules, "thumbnails/owner/id/thumb_256.webp")).toEqual({});
  });

  it("the media lifecycle policy deletes originals by their tag, 37 days after the retention, and keeps the others", () => {
    for (const retention of retentions) {
      const tags = { retention };
      const days = retention === "keep" ? {} : { [DELETE]: Number(retention) + 37 };
      expect(actionsOn(rules, "images/owner/id/a.jpg", tags)).toEqual({ ...COOL, ...COLD, ...days });
      expect(actionsOn(rules, "thumbnails/owner/id/thumb_256.webp", tags)).toEqual({});
    }
  });

  it("the app may set index tags: Blob Data Owner on the originals, since Contributor lacks blobs/tags/write", () => {
    const { platform } = synthesized("production");
    const roles = all<Record<"scope" | "role_definition_id", string>>(platform, "azurerm_role_assignment")
      .filter(({ scope }) => /azurerm_storage_container\.media_\w*images_/.test(scope))
      .map(({ role_definition_id }) => role_definition_id.split("/").at(-1));
    expect(roles).toEqual([builtInRoles["Storage Blob Data Owner"]]);
  });

  it("the media lifecycle policy archives originals only where the stage says so", () => {
    expect(JSON.stringify(rules)).not.toContain("archive");
    const archiving = rulesOf({ lifecycle: { archiveAfter: 400 } });
    expect(actionsOn(archiving, "images/x")).toMatchObject({
      tier_to_archive_after_days_since_creation_greater_than: 400,
    });
  });

  it("the media lifecycle policy keeps old versions of images and thumbnails for 30 days", () => {
    const versions = rules.filter(({ actions }) => actions.version);
    expect(versions.map(({ filters, actions }) => [filters.prefix_match, actions])).toEqual([
      [["images/", "thumbnails/"], { version: { delete_after_days_since_creation: 30 } }],
      [["uploads/"], expect.anything()],
    ]);
  });

  it("the media lifecycle policy deletes direct uploads after a day, with their versions and snapshots", () => {
    const [rule] = rules.filter(({ filters }) => filters.prefix_match?.includes("uploads/"));
    expect(rule?.filters.prefix_match).toEqual(["uploads/"]);
    expect(rule?.actions).toEqual({
      base_blob: { [DELETE]: 1 },
      snapshot: { [DELETE]: 1 },
      version: { delete_after_days_since_creation: 1 },
    });
  });

  it("the media lifecycle policy follows the days of the stage", () => {
    const other = rulesOf({ lifecycle: { coolAfter: 1, coldAfter: 2, oldVersions: 3 } });
    expect(actionsOn(other, "images/x")).toEqual({
      tier_to_cool_after_days_since_creation_greater_than: 1,
      tier_to_cold_after_days_since_creation_greater_than: 2,
    });
    expect(JSON.stringify(other)).toContain('"version":{"delete_after_days_since_creation":3}');
  });
});

describe("lifecycle rules", () => {
  it("lifecycle rules have unique names, apply to block blobs, and count from one date", () => {
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

  it("lifecycle rules of the host's account delete undelivered events after 30 days, and no package or lock", () => {
    const rules = rulesOf({}, "host_");
    expect(actionsOn(rules, "dead-letters/x")).toEqual({ [DELETE]: 30 });
    for (const blob of ["deploymentpackage/x", "releases/x", "azure-webjobs-hosts/locks"])
      expect(actionsOn(rules, blob)).toEqual({});
  });
});

it("only the media account permits CORS, for the stage's origins", () => {
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
