// Every synthesized argument exists in the required version of its provider. The bindings are older and cannot tell.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Block, type StackJson, synthesized } from "./synthesized.fixture.ts";

/**
 * The arguments in use by type, as the providers' documentation names them. A path has dots, `*` marks a required
 * argument. Before you add a name, look it up in the documentation of the required version.
 */
const documented: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "azurerm-arguments.json"), "utf8"),
);
const META_ARGUMENTS = ["depends_on", "lifecycle", "timeouts"];
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf(".")));

/** Unknown arguments, and required arguments that are missing. */
function issuesOf(type: string, resource: Block): string[] {
  const words = documented[type]?.split(" ");
  if (!words) return [`${type} is not in azurerm-arguments.json`];
  const paths = words.map((word) => word.replace("*", ""));
  const required = words.filter((word) => word.endsWith("*")).map((word) => word.slice(0, -1));
  const issues: string[] = [];
  const visit = (path: string, block: Block): void => {
    const present = Object.keys(block).map((name) => (path === "" ? name : `${path}.${name}`));
    for (const [index, value] of Object.values(block).entries()) {
      const at = present[index] as string;
      if (!paths.includes(at) && !META_ARGUMENTS.includes(at)) issues.push(`${type} has no argument ${at}`);
      // A single block is an object, repeatable ones are a list.
      if (paths.some((each) => parentOf(each) === at)) for (const inner of [value].flat()) visit(at, inner as Block);
    }
    for (const each of required)
      if (parentOf(each) === path && !present.includes(each)) issues.push(`${type} lacks ${each}`);
  };
  visit("", resource);
  return issues;
}

const blocksOf = ({ resource, data }: StackJson): [type: string, block: Block][] => [
  ...Object.entries(resource).flatMap(([type, all]) => Object.values(all).map((it): [string, Block] => [type, it])),
  ...Object.entries(data).flatMap(([type, all]) =>
    Object.values(all).map((it): [string, Block] => [`data.${type}`, it]),
  ),
];

const variations = [
  synthesized("production"),
  synthesized("preview-7"),
  synthesized("production", {
    frontDoor: true,
    hostNames: ["api.example.com"],
    site: { enabled: true },
    scale: { alwaysReady: { http: 1 } },
    lifecycle: { archiveAfter: 400 },
    alerts: { slack: { connection: "managed-connector" }, availability: { enabled: true } },
  }),
];
const emitted = variations.flatMap(({ platform, events }) => [...blocksOf(platform), ...blocksOf(events)]);
const types = new Set(emitted.map(([type]) => type));

describe("synthesized resources", () => {
  it("synthesized resources have only documented arguments, and every required one", () => {
    expect(emitted.length).toBeGreaterThan(60);
    expect(emitted.flatMap(([type, block]) => issuesOf(type, block))).toEqual([]);
  });

  it("synthesized resources include every type of azurerm-arguments.json", () => {
    expect(Object.keys(documented).filter((type) => !types.has(type))).toEqual([]);
  });

  it("synthesized resources include no classic CDN, and no app through azurerm", () => {
    expect([...types].filter((type) => /azurerm_cdn_(?:profile|endpoint)$|_function_app|_web_app/.test(type))).toEqual([
      "data.azurerm_function_app_host_keys",
    ]);
  });
});

it.each([
  [
    "an argument of an older version",
    "azurerm_cosmosdb_account",
    { local_authentication_disabled: true },
    "has no argument local_authentication_disabled",
  ],
  [
    "an unknown argument of a block",
    "azurerm_storage_account",
    { blob_properties: { versions: true } },
    "has no argument blob_properties.versions",
  ],
  [
    "an unknown argument in a list of blocks",
    "azurerm_storage_account",
    { blob_properties: { cors_rule: [{ origins: [] }] } },
    "has no argument blob_properties.cors_rule.origins",
  ],
  ["a missing required argument", "azurerm_key_vault", {}, "lacks tenant_id"],
  [
    "a missing required argument of a block",
    "azurerm_storage_account",
    { blob_properties: { cors_rule: [{}] } },
    "lacks blob_properties.cors_rule.allowed_origins",
  ],
  ["an undocumented type", "azurerm_firewall", {}, "is not in azurerm-arguments.json"],
])("issuesOf reports %s", (_, type, block, issue) => {
  expect(issuesOf(type, block)).toContain(`${type} ${issue}`);
});
