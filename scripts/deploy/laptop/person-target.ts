// What a run on a laptop takes from Azure instead of from GitHub's variables: the target, and the environment of Terraform.
import { randomUUID } from "node:crypto";
import { parseStage } from "../../../infra/config.ts";
import { type Assignment, describeGrant, missingGrants, operatorGrants } from "../bootstrap/operator-grants.ts";
import { type Deployer, deployerOf, STATE_GROUP, stateAccountOf } from "../bootstrap/plan.ts";
import { type Az, createAz, inSubscription } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { type DeployTarget, readTarget } from "../target.ts";
import { type Person, readPerson } from "./person.ts";

/**
 * The target with the identities of the pipeline, so that the plan is the pipeline's, and the person as its operator.
 * @throws {Error} when bootstrap has not run in the subscription, or naming every role that the person lacks
 */
async function readPersonTarget(
  az: Az,
  person: Person,
  { stageName, commit }: { readonly stageName: string | undefined; readonly commit: string },
): Promise<DeployTarget> {
  const { subscriptionId, objectId, name } = person;
  const deployer = deployerOf(parseStage(stageName));
  const stateAccount = stateAccountOf(subscriptionId);
  await requireGrants(az, person, { stageName, deployer, stateAccount });
  const identity = await readIdentity(az, person, deployer);
  const target = readTarget(stageName, {
    ARM_SUBSCRIPTION_ID: subscriptionId,
    AZURE_CLIENT_ID: identity.clientId,
    DEPLOYER_OBJECT_ID: identity.principalId,
    STATE_ACCOUNT: stateAccount,
    GITHUB_SHA: commit,
    GITHUB_RUN_ID: randomUUID(),
  });
  return { ...target, operator: { objectId, type: "User", name } };
}

async function readIdentity(az: Az, { subscriptionId }: Person, { identity }: Deployer) {
  return (await az("identity", "show", "--name", identity, "--resource-group", STATE_GROUP).catch((cause) => {
    if (!/NotFound/.test(String(cause))) throw cause;
    throw new Error(
      `The subscription ${subscriptionId} has no identity ${identity}. Prepare it with npm run bootstrap, or select another one: az account set --subscription NAME`,
      { cause },
    );
  })) as { clientId: string; principalId: string };
}

async function requireGrants(
  az: Az,
  { subscriptionId, objectId, name }: Person,
  { stageName, deployer, stateAccount }: { stageName: string | undefined; deployer: Deployer; stateAccount: string },
): Promise<void> {
  const assignments = (await az(
    ...["role", "assignment", "list", "--all", "--assignee", objectId, "--include-groups", "--include-inherited"],
  )) as Assignment[];
  const missing = missingGrants(operatorGrants({ subscriptionId, stateAccount, deployer }), assignments);
  if (missing.length === 0) return;
  throw new Error(
    [
      `${name} lacks ${missing.length} role(s) for ${stageName} in the subscription ${subscriptionId}:`,
      ...missing.map((grant) => `  ${describeGrant(grant)}`),
      `An owner of the subscription grants them, within ten minutes: npm run bootstrap -- --operator ${name}`,
    ].join("\n"),
  );
}

/** Variables of a shell for other projects: logins, another workspace or folder of data, and arguments such as -target. */
const OF_OTHER_PROJECTS = /^(?:ARM_|TF_CLI_ARGS|TF_WORKSPACE$|TF_DATA_DIR$)/;

/**
 * The variables of Terraform and synthesis: the login of az, whatever the shell has set. The programs take an empty
 * variable for an absent one.
 */
function terraformEnvironment({ tenantId }: Person, { subscriptionId, principalId, stateAccount }: DeployTarget) {
  const inherited = Object.keys(process.env).filter((name) => OF_OTHER_PROJECTS.test(name));
  return {
    ...Object.fromEntries(inherited.map((name) => [name, ""])),
    ARM_USE_OIDC: "false",
    ARM_USE_CLI: "true",
    ARM_USE_AZUREAD: "true",
    ARM_TENANT_ID: tenantId,
    ARM_SUBSCRIPTION_ID: subscriptionId,
    DEPLOYER_OBJECT_ID: principalId,
    STATE_ACCOUNT: stateAccount,
    CHECKPOINT_DISABLE: "1",
    TF_IN_AUTOMATION: "1",
  };
}

/**
 * The target, and a context whose programs use the person's login.
 * @throws {Error} as `readPerson` and `readPersonTarget`
 */
export async function openAsPerson(
  outer: DeployContext,
  options: { readonly stageName: string | undefined; readonly commit: string },
): Promise<{ context: DeployContext; target: DeployTarget }> {
  const person = await readPerson(outer.az);
  outer.log(`Using the subscription ${person.subscriptionId} as ${person.name}.`);
  const inside = inSubscription(outer.run, person.subscriptionId);
  const target = await readPersonTarget(createAz(inside), person, options);
  const env = terraformEnvironment(person, target);
  const run: DeployContext["run"] = (command, args, more) =>
    inside(command, args, { ...more, env: { ...env, ...more?.env } });
  return { context: { ...outer, run, az: createAz(run) }, target };
}
