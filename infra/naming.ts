// The name of everything in Azure, made of stage and subscription alone, and checked against what each kind permits.
import { createHash } from "node:crypto";
import type { Stage } from "./config.ts";

/** Group and region of a resource; constructs spread it into each resource. */
export type ResourceLocation = { readonly resourceGroupName: string; readonly location: string };

type Rule = { readonly min: number; readonly max: number; readonly pattern: RegExp; readonly alphabet: string };

const letters = "letters, digits and hyphens, beginning with a letter and ending with none";
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
  // The host takes the first 32 characters for its locks: names that agree in them would share these.
  functionApp: { min: 2, max: 32, pattern: hyphened, alphabet: letters },
  topic: { min: 3, max: 50, pattern: hyphened, alphabet: letters },
  frontDoor: { min: 1, max: 46, pattern: hyphened, alphabet: letters },
  workflow: { min: 1, max: 43, pattern: hyphened, alphabet: letters },
} as const satisfies Record<string, Rule>;
export type ResourceKind = keyof typeof rules;

/**
 * The name as it came.
 * @throws {Error} saying the rule of its kind that the name breaks
 */
export function checkName(kind: ResourceKind, name: string): string {
  const { min, max, pattern, alphabet } = rules[kind];
  if (name.length < min || name.length > max)
    throw new Error(`A ${kind} has a name of ${min} to ${max} characters, and "${name}" has ${name.length}.`);
  if (!pattern.test(name)) throw new Error(`A ${kind} has a name of ${alphabet}, which "${name}" is not.`);
  return name;
}

/** Containers that the app's code does not name: staged uploads, and what the deployment itself keeps. */
export const deploymentContainers = {
  /** Where uploads by link wait until they are committed. On the media account. */
  uploads: "uploads",
  /** What the app runs; Azure reads it. This one and the following are on the host's account. */
  package: "deploymentpackage",
  /** Packages that passed their checks, by commit. */
  releases: "releases",
  /** Events that could not be delivered. */
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
 * @param subscriptionId a GUID; with the stage it makes the five characters that tell this name from all others
 */
export function namesOf(stage: Stage, subscriptionId: string) {
  const hash = shortHash(`${subscriptionId.toLowerCase()}/${stage}`, 5);
  const named = `vitae-${stage}-${hash}`;
  // Where no hyphen may be, or where every character counts.
  const joined = `${stage.replace("-", "")}${hash}`;
  return {
    // Made by bootstrap, as all that a deployer may touch; so previews share one, whose names tell them apart.
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

/** Where the table client of Cosmos DB goes; by its host name the SDK knows which tokens to ask for. */
export function tablesEndpoint({ cosmosAccount }: Pick<Names, "cosmosAccount">): string {
  return `https://${cosmosAccount}.table.cosmos.azure.com:443`;
}

/** Where a stage keeps its Terraform state: each deployer may reach its own container only. */
export function stateOf(stage: Stage, stack: "platform" | "events") {
  return {
    containerName: stage === "production" ? "production" : "preview",
    key: `${stage}/${stack}.tfstate`,
  } as const;
}
