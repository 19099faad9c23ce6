// Where a deployment goes: the stage's names and addresses, from the environment that the workflow sets.
import { parseStage, readConfig, type Stage, type StageConfig } from "../../infra/config.ts";
import { type Names, namesOf } from "../../infra/naming.ts";

export type DeployTarget = {
  readonly stage: Stage;
  readonly config: StageConfig;
  readonly names: Names;
  readonly subscriptionId: string;
  /** Object id and client id of the identity that deploys. */
  readonly principalId: string;
  readonly clientId: string;
  readonly stateAccount: string;
  /** Of the commit, 40 hex digits. */
  readonly commit: string;
  /** Tells this run from every other. */
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
  const faults = Object.entries(rules)
    .filter(([name, rule]) => !rule.test(environment[name] ?? ""))
    .map(([name, rule]) => `  ${name} must match ${rule.source}, received "${environment[name] ?? ""}"`);
  if (faults.length > 0)
    throw new Error(
      `The environment has ${faults.length} fault(s); npm run bootstrap prints the variables:\n${faults.join("\n")}`,
    );
  const given = environment as Record<keyof typeof rules, string>;
  return {
    stage,
    config: readConfig(stage),
    names: namesOf(stage, given.ARM_SUBSCRIPTION_ID),
    subscriptionId: given.ARM_SUBSCRIPTION_ID,
    principalId: given.DEPLOYER_OBJECT_ID,
    clientId: given.AZURE_CLIENT_ID,
    stateAccount: given.STATE_ACCOUNT,
    commit: given.GITHUB_SHA,
    runId: given.GITHUB_RUN_ID,
  };
}

/** The id of something in the stage's group, as Azure writes it. */
export function resourceId({ subscriptionId, names }: DeployTarget, type: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${names.resourceGroup}/providers/${type}/${name}`;
}
