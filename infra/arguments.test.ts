// Every argument and block that is emitted exists in the version of the provider that is asked for, whose
// documentation azurerm-arguments.json was read from: the bindings are older and would not say.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Block, type StackJson, synthesized } from "./synthesized.fixture.ts";

type Known = {
  readonly arguments: readonly string[];
  /** Names within blocks are written after the block's, with a dot. */
  readonly required: readonly string[];
  readonly blocks?: Readonly<Record<string, readonly string[]>>;
};
const known: Readonly<Record<string, Known>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "azurerm-arguments.json"), "utf8"),
);
const meta = ["depends_on", "lifecycle", "timeouts"];

/** What is emitted and unknown, or required and missing. */
function faultsOf(type: string, resource: Block): string[] {
  const rules = known[type];
  if (!rules) return [`${type} is not in azurerm-arguments.json`];
  const faults: string[] = [];
  const walk = (path: string, block: Block): void => {
    const names = path === "" ? [...rules.arguments, ...meta] : (rules.blocks?.[path] ?? []);
    const at = (name: string) => (path === "" ? name : `${path}.${name}`);
    for (const [name, value] of Object.entries(block)) {
      if (!names.includes(name)) faults.push(`${type} knows no ${at(name)}`);
      // A block that can be there once is written as an object, others as a list.
      if (rules.blocks?.[at(name)]) for (const inner of [value].flat()) walk(at(name), inner as Block);
    }
    for (const name of rules.required)
      if (
        name.slice(0, Math.max(0, name.lastIndexOf("."))) === path &&
        !(name.slice(name.lastIndexOf(".") + 1) in block)
      )
        faults.push(`${type} lacks ${name}`);
  };
  walk("", resource);
  return faults;
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
    scale: { alwaysReady: { http: 1 } },
    lifecycle: { archiveAfter: 400 },
    alerts: { slack: { connection: "managed-connector" } },
  }),
];
const emitted = variations.flatMap(({ platform, events }) => [...blocksOf(platform), ...blocksOf(events)]);

describe("what is emitted", () => {
  it("is known to the provider, and nothing required is missing", () => {
    expect(emitted.length).toBeGreaterThan(60);
    expect(emitted.flatMap(([type, block]) => faultsOf(type, block))).toEqual([]);
  });

  it("is all that the list is about", () => {
    const types = new Set(emitted.map(([type]) => type));
    expect(Object.keys(known).filter((type) => !types.has(type))).toEqual([]);
  });

  it("is of kinds that Azure still makes: no classic CDN, no app of the bindings' own", () => {
    const types = new Set(emitted.map(([type]) => type));
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
    "knows no local_authentication_disabled",
  ],
  [
    "a block's unknown argument",
    "azurerm_storage_account",
    { blob_properties: { versions: true } },
    "knows no blob_properties.versions",
  ],
  [
    "one in a list of blocks",
    "azurerm_storage_account",
    { blob_properties: { cors_rule: [{ origins: [] }] } },
    "knows no blob_properties.cors_rule.origins",
  ],
  ["a required argument that is missing", "azurerm_key_vault", {}, "lacks tenant_id"],
  [
    "a required one of a block that is there",
    "azurerm_storage_account",
    { blob_properties: { cors_rule: [{}] } },
    "lacks blob_properties.cors_rule.allowed_origins",
  ],
  ["a resource that nobody looked up", "azurerm_firewall", {}, "is not in azurerm-arguments.json"],
])("would notice %s", (_, type, block, fault) => {
  expect(faultsOf(type, block)).toContain(`${type} ${fault}`);
});
