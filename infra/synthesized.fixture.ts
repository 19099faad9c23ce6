// The JSON of both stacks of a stage, synthesized once for each configuration.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerraformStack } from "cdktf/lib/terraform-stack.js";
import { readConfig } from "./config.ts";
import type { Stage, StageOverrides } from "./config-schema.ts";
import type { Target } from "./provider.ts";
import { createStacks } from "./stacks.ts";

export const target: Target = {
  subscriptionId: "11111111-1111-4111-8111-111111111111",
  tenantId: "22222222-2222-4222-8222-222222222222",
  deployerObjectId: "33333333-3333-4333-8333-333333333333",
  stateAccount: "vitaestate",
};

/** A resource or data source in Terraform JSON, without cdktf's comments. */
export type Block = Readonly<Record<string, unknown>>;

/** Terraform JSON: resources and data by type, then by the name that references use. */
export type StackJson = {
  readonly terraform: Block & { readonly required_providers: Record<string, unknown> };
  readonly provider: Readonly<Record<string, readonly Block[]>>;
  readonly resource: Readonly<Record<string, Readonly<Record<string, Block>>>>;
  readonly data: Readonly<Record<string, Readonly<Record<string, Block>>>>;
  readonly output: Readonly<Record<string, Block>>;
};

type Stacks = { readonly platform: StackJson; readonly events: StackJson };
const cache = new Map<string, Stacks>();

export function synthesized(stage: Stage = "production", overrides: Partial<StageOverrides> = {}): Stacks {
  const key = JSON.stringify([stage, overrides]);
  const stacks = cache.get(key) ?? synthesize(stage, overrides);
  cache.set(key, stacks);
  return stacks;
}

function synthesize(stage: Stage, overrides: Partial<StageOverrides>): Stacks {
  // The JSON comes from the stacks and nothing is written, but cdktf creates its folder at once.
  const folder = mkdtempSync(join(tmpdir(), "vitae-stacks-"));
  const { platform, events } = createStacks({ config: readConfig(stage, overrides), target }, folder);
  const json = (stack: TerraformStack): StackJson => {
    stack.prepareStack();
    const text = JSON.stringify(stack.toTerraform());
    return JSON.parse(text, (key, value) => (key === "//" ? undefined : value));
  };
  const stacks = { platform: json(platform), events: json(events) };
  rmSync(folder, { recursive: true });
  return stacks;
}

/** All resources of a type. */
export function all<T = Block>(stack: StackJson, type: string): T[] {
  return Object.values(stack.resource[type] ?? {}) as T[];
}

/** The only resource of a type whose reference name begins with `name`. */
export function one<T = Block>(stack: StackJson, type: string, name = ""): T {
  const found = Object.entries(stack.resource[type] ?? {}).filter(([id]) => id.startsWith(name));
  if (found.length !== 1)
    throw new Error(`Expected 1 ${type} whose name begins with "${name}", found ${found.length}.`);
  return found[0]?.[1] as T;
}

/** Every string in the JSON, with its path. */
export function texts(value: unknown, path = ""): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, path ? `${path}.${key}` : key));
}

export type AppBody = {
  readonly properties: {
    readonly functionAppConfig: Record<"deployment" | "runtime" | "scaleAndConcurrency", Block>;
    readonly siteConfig: Block & { readonly appSettings: readonly { name: string; value: string }[] };
  } & Block;
};

/** The function app, and its settings by name. */
export function appOf(stack: StackJson) {
  const app = one<Block & { readonly body: AppBody; readonly depends_on: string[] }>(stack, "azapi_resource", "app_");
  const { appSettings } = app.body.properties.siteConfig;
  return { app, settings: Object.fromEntries(appSettings.map(({ name, value }) => [name, value])) };
}
