// The target of a deployment: stage, names and identities, read from the environment that the workflow sets.
import { parseStage, readConfig } from "../../infra/config.ts";
import type { Stage, StageConfig } from "../../infra/config-schema.ts";
import { type Names, namesOf, stateOf } from "../../infra/naming.ts";

/** Who runs the deployment: the pipeline's identity or a person. */
export type Operator = {
  readonly objectId: string;
  readonly type: "ServicePrincipal" | "User";
  /** For people who wait: the person, or the run of the pipeline. */
  readonly name: string;
};

export type DeployTarget = {
  readonly stage: Stage;
  readonly config: StageConfig;
  readonly names: Names;
  readonly subscriptionId: string;
  /** Object id and client id of the pipeline's identity: those of the plan, also when a person runs it. */
  readonly principalId: string;
  readonly clientId: string;
  readonly operator: Operator;
  readonly stateAccount: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** Unique to this run. */
  readonly runId: string;
};

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const rules = {
  ARM_SUBSCRIPTION_ID: guid,
  AZURE_CLIENT_ID: guid,
  DEPLOYER_OBJECT_ID: guid,
  STATE_ACCOUNT: /^[a-z0-9]{3,24}$/,
  GITHUB_SHA: /^[0-9a-f]{40}$/,
  GITHUB_RUN_ID: /^[\w-]{1,64}$/,
} as const;

/** @throws {Error} naming every variable that is missing or wrong */
export function readTarget(
  stageName: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): DeployTarget {
  const stage = parseStage(stageName);
  const issues = Object.entries(rules)
    .filter(([name, rule]) => !rule.test(environment[name] ?? ""))
    .map(([name, rule]) => `  ${name} must match ${rule.source}, received "${environment[name] ?? ""}"`);
  if (issues.length > 0)
    throw new Error(
      `The environment has ${issues.length} issue(s); npm run bootstrap prints the variables:\n${issues.join("\n")}`,
    );
  const valid = environment as Record<keyof typeof rules, string>;
  const config = readConfig(stage);
  return {
    stage,
    config,
    names: namesOf(stage, valid.ARM_SUBSCRIPTION_ID, config.region),
    subscriptionId: valid.ARM_SUBSCRIPTION_ID,
    principalId: valid.DEPLOYER_OBJECT_ID,
    clientId: valid.AZURE_CLIENT_ID,
    operator: {
      objectId: valid.DEPLOYER_OBJECT_ID,
      type: "ServicePrincipal",
      name: `run ${valid.GITHUB_RUN_ID} of the pipeline`,
    },
    stateAccount: valid.STATE_ACCOUNT,
    commit: valid.GITHUB_SHA,
    runId: valid.GITHUB_RUN_ID,
  };
}

/** The Azure resource id of a resource in the stage's group. */
export function resourceId({ subscriptionId, names }: DeployTarget, type: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${names.resourceGroup}/providers/${type}/${name}`;
}

/** The flags of `az storage` for the container that has the Terraform state and the lock of the stage. */
export function stateContainer({ stage, stateAccount }: Pick<DeployTarget, "stage" | "stateAccount">): string[] {
  const { containerName } = stateOf(stage, "platform");
  return ["--account-name", stateAccount, "--container-name", containerName, "--auth-mode", "login"];
}
