// Resource names: constant and unique per stage, subscription and region, and valid in Azure.
import { describe, expect, it } from "vitest";
import type { Stage } from "./config-schema.ts";
import { checkName, namesOf, stateOf } from "./naming.ts";

const SUBSCRIPTION = "11111111-1111-4111-8111-111111111111";
const REGION = "swedencentral";
const stages: Stage[] = ["production", "preview-7", "preview-999999"];

describe("naming", () => {
  it.each(stages)("namesOf %s contain the stage and end with five characters of a hash", (stage) => {
    const names = namesOf(stage, SUBSCRIPTION, REGION);
    const hash = names.identity.slice(-5);
    expect(hash).toMatch(/^[a-z0-9]{5}$/);
    for (const [kind, name] of Object.entries(names)) {
      if (kind === "resourceGroup") continue;
      expect(name.replaceAll("-", "")).toContain(stage.replace("-", ""));
      expect(name).toMatch(new RegExp(`${hash}$`));
    }
  });

  it("namesOf differ between stages, subscriptions and regions, and ignore the letter case of the id", () => {
    const other = namesOf("production", "99999999-1111-4111-8111-111111111111", REGION);
    const ours = namesOf("production", SUBSCRIPTION, REGION);
    expect(other.vault).not.toBe(ours.vault);
    expect(namesOf("production", SUBSCRIPTION, "norwayeast").vault).not.toBe(ours.vault);
    expect(namesOf("preview-7", SUBSCRIPTION, REGION).mediaAccount.slice(-5)).not.toBe(ours.mediaAccount.slice(-5));
    const upper = "abcdefab-1111-4111-8111-111111111111";
    expect(namesOf("production", upper.toUpperCase(), REGION)).toEqual(namesOf("production", upper, REGION));
  });

  it.each([
    ["storageAccount", "media-production", "lower-case letters and digits"],
    ["storageAccount", "m".repeat(25), "3 to 24 characters"],
    ["vault", "7vault", "beginning with a letter"],
    ["vault", "vault-", "not ending with a hyphen"],
    ["vault", "two--hyphens", "letters, digits and single hyphens"],
    ["functionApp", "a".repeat(33), "2 to 32 characters"],
    ["cosmosAccount", "Upper", "letters, digits and single hyphens"],
  ] as const)("checkName rejects a %s called %s with the rule", (kind, name, rule) => {
    expect(() => checkName(kind, name)).toThrow(rule);
    expect(() => checkName(kind, name)).toThrow(`"${name}"`);
  });

  it("stateOf separates production and previews by container", () => {
    expect(stateOf("production", "platform")).toEqual({
      containerName: "production",
      key: "production/platform.tfstate",
    });
    expect(stateOf("preview-7", "events")).toEqual({ containerName: "preview", key: "preview-7/events.tfstate" });
  });
});
