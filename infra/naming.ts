// The name of every Azure resource, derived from stage and subscription and checked against Azure's naming rules.
import { createHash } from "node:crypto";
import type { Stage } from "./config-schema.ts";

/** Group and region of a resource; constructs spread it into each resource. */
export type ResourceLocation = { readonly resourceGroupName: string; readonly location: string };

type Rule = { readonly min: number; readonly max: number; readonly pattern: RegExp; readonly alphabet: string };

const letters = "letters, digits and single hyphens, beginning with a letter and not ending with a hyphen";
const hyphened = /^[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/;

/** https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const rules = {
  resourceGroup: { min: 1, max: 90, pattern: hyphened, alphabet: letters },
  identity: { min: 3, max: 128, pattern: hyphened, alphabet: letters },
  storageAccount: { min: 3, max: 24, pattern: /^[a-z0-9]+$/, alphabet: "lower-case letters and digits" },
  cosmosAccount: { min: 3, max: 44, pattern: hyphened, alphabet: letters },
  vault: { min: 3, max: 24, pattern: hyphened, alphabet: letters },
  workspace: { min: 4, max: 63, pattern: hyphened, alphabet: letters },
  insights: { min: 1, max: 255, pattern: hyphened, alphabet: letters },
  plan: { min: 1, max: 40, pattern: hyphened, alphabet: letters },
  // The host derives its lock names from the first 32 characters, so longer names could collide.
  functionApp: { min: 2, max: 32, pattern: hyphened, alphabet: letters },
  topic: { min: 3, max: 50, pattern: hyphened, alphabet: letters },
  frontDoor: { min: 1, max: 46, pattern: hyphened, alphabet: letters },
  workflow: { min: 1, max: 43, pattern: hyphened, alphabet: letters },
} as const satisfies Record<string, Rule>;
export type ResourceKind = keyof typeof rules;

/**
 * Returns the name.
 * @throws {Error} with the rule of its kind and the name, when the name breaks the rule
 */
export function checkName(kind: ResourceKind, name: string): string {
  const { min, max, pattern, alphabet } = rules[kind];
  if (name.length < min || name.length > max)
    throw new Error(
      `The name of a ${kind} must have ${min} to ${max} characters; received "${name}" with ${name.length}.`,
    );
  if (!pattern.test(name)) throw new Error(`The name of a ${kind} must consist of ${alphabet}; received "${name}".`);
  return name;
}

/** Containers of the host's account, which the app's code does not name. */
export const deploymentContainers = {
  /** The package that runs. */
  package: "deploymentpackage",
  /** Earlier packages by commit, for a rollback. */
  releases: "releases",
  /** Events that Event Grid could not deliver. */
  deadLetters: "dead-letters",
} as const;

/** The last `length` characters, at most 13, of the text's SHA-256 in base 36: digits and lower-case letters. */
export function shortHash(text: string, length: number): string {
  const digest = createHash("sha256").update(text).digest();
  return digest.readBigUInt64BE().toString(36).padStart(13, "0").slice(-length);
}

export type Names = ReturnType<typeof namesOf>;

/**
 * @param stage production or preview-N
 * @param subscriptionId a GUID; the names end with five characters of the hash of subscription and stage
 */
export function namesOf(stage: Stage, subscriptionId: string) {
  const hash = shortHash(`${subscriptionId.toLowerCase()}/${stage}`, 5);
  const named = `vitae-${stage}-${hash}`;
  // For kinds that permit no hyphen, or only 24 characters.
  const joined = `${stage.replace("-", "")}${hash}`;
  return {
    // Created by bootstrap: a deployer may change this group only. All previews share one.
    resourceGroup: checkName("resourceGroup", stage === "production" ? "vitae-production" : "vitae-preview"),
    identity: checkName("identity", named),
    hostAccount: checkName("storageAccount", `host${joined}`),
    mediaAccount: checkName("storageAccount", `media${joined}`),
    cosmosAccount: checkName("cosmosAccount", named),
    vault: checkName("vault", `vitae${joined}`),
    workspace: checkName("workspace", named),
    insights: checkName("insights", named),
    plan: checkName("plan", named),
    functionApp: checkName("functionApp", named),
    mediaTopic: checkName("topic", named),
    frontDoor: checkName("frontDoor", named),
    workflow: checkName("workflow", named),
  } as const;
}

/** The endpoint of the Cosmos DB tables. The SDK chooses the token scope by the host name. */
export function tablesEndpoint({ cosmosAccount }: Pick<Names, "cosmosAccount">): string {
  return `https://${cosmosAccount}.table.cosmos.azure.com:443`;
}

/** Container and key of a stack's Terraform state. Each deployer has access to its own container only. */
export function stateOf(stage: Stage, stack: "platform" | "events") {
  return {
    containerName: stage === "production" ? "production" : "preview",
    key: `${stage}/${stack}.tfstate`,
  } as const;
}
