// Names: the same for the same stage and subscription, other for any other, and permitted by Azure.
import { describe, expect, it } from "vitest";
import type { Stage } from "./config.ts";
import { checkName, namesOf, stateOf } from "./naming.ts";

const SUBSCRIPTION = "11111111-1111-4111-8111-111111111111";
const stages: Stage[] = ["production", "preview-7", "preview-999999"];

describe("names", () => {
  it.each(stages)("of %s are made of it and five characters, and fit wherever they stand", (stage) => {
    const names = namesOf(stage, SUBSCRIPTION);
    const hash = names.identity.slice(-5);
    expect(hash).toMatch(/^[a-z0-9]{5}$/);
    for (const [kind, name] of Object.entries(names)) {
      if (kind === "resourceGroup") continue;
      expect(name.replaceAll("-", "")).toContain(stage.replace("-", ""));
      expect(name).toMatch(new RegExp(`${hash}$`));
    }
  });

  it("differ between stages and between subscriptions, and not by the letter case of the id", () => {
    const other = namesOf("production", "99999999-1111-4111-8111-111111111111");
    const ours = namesOf("production", SUBSCRIPTION);
    expect(other.vault).not.toBe(ours.vault);
    expect(namesOf("preview-7", SUBSCRIPTION).mediaAccount.slice(-5)).not.toBe(ours.mediaAccount.slice(-5));
    const upper = "abcdefab-1111-4111-8111-111111111111";
    expect(namesOf("production", upper.toUpperCase())).toEqual(namesOf("production", upper));
  });

  it.each([
    ["storageAccount", "media-production", "lower-case letters and digits"],
    ["storageAccount", "m".repeat(25), "3 to 24 characters"],
    ["vault", "7vault", "beginning with a letter"],
    ["vault", "vault-", "ending with none"],
    ["vault", "two--hyphens", "letters, digits and hyphens"],
    ["functionApp", "a".repeat(33), "2 to 32 characters"],
    ["cosmosAccount", "Upper", "letters, digits and hyphens"],
  ] as const)("of a %s are refused when Azure would refuse %s, saying the rule", (kind, name, rule) => {
    expect(() => checkName(kind, name)).toThrow(rule);
    expect(() => checkName(kind, name)).toThrow(`"${name}"`);
  });

  it("of states keep production and previews in containers of their own", () => {
    expect(stateOf("production", "platform")).toEqual({
      containerName: "production",
      key: "production/platform.tfstate",
    });
    expect(stateOf("preview-7", "events")).toEqual({ containerName: "preview", key: "preview-7/events.tfstate" });
  });
});
