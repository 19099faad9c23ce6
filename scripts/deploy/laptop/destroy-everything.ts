// npm run destroy -- --everything: removes what bootstrap created, in the order in which Azure permits it, and all stages with it.
import { readChoices } from "../../../infra/choices.ts";
import { customRoles } from "../bootstrap/deployer-roles.ts";
import { deployers, isVariable, STATE_GROUP } from "../bootstrap/plan.ts";
import { createAz, inSubscription, runOrThrow } from "../command.ts";
import type { DeployContext } from "../deploy-context.ts";
import { MINUTE, type RetryOptions, retry } from "../retry.ts";
import type { Confirm } from "./confirm.ts";
import { readPerson } from "./person.ts";

type Item = { readonly name: string; readonly remove: () => Promise<unknown> };

/** A group with Cosmos DB and Front Door takes half an hour at worst. */
const GROUP_MS = 60 * MINUTE;
const REPLICATION: RetryOptions = {
  timeoutMs: 3 * MINUTE,
  intervalMs: 15_000,
  retryReason: (error) =>
    /RoleDefinitionHasAssignments|existing role assignments/.test(String(error))
      ? "Azure still lists an assignment of the role"
      : undefined,
};

/**
 * Safe to repeat: what is gone is skipped.
 * @throws {Error} of the first item that could not be removed, or read
 */
export async function destroyEverything(
  outer: DeployContext,
  { dryRun, confirm }: { readonly dryRun: boolean; readonly confirm: Confirm },
): Promise<void> {
  const { log } = outer;
  const { subscriptionId, name } = await readPerson(outer.az);
  const run = inSubscription(outer.run, subscriptionId);
  const context = { ...outer, run, az: createAz(run) };
  log(`Using the subscription ${subscriptionId} as ${name}, who must be its owner.`);
  const items = [
    // First, so that no push deploys while the rest goes.
    ...(await listGithub(context)),
    // Azure deletes no custom role that is assigned, and keeps assignments of identities that are gone.
    ...(await listRoles(context, subscriptionId)),
    ...(await listGroups(context)),
  ];
  if (items.length === 0) return log("Nothing of Vitae is left to remove.");
  log("This removes, with everything in it:");
  for (const item of items) log(`  ${item.name}`);
  if (dryRun) return log("Nothing was removed: this is a dry run.");
  await confirm("everything");
  for (const item of items) {
    await item.remove();
    log(`Removed: ${item.name}`);
  }
  log("Done. Azure keeps the names of deleted vaults for up to 90 days, at no cost.");
}

async function listGithub({ run, log }: DeployContext): Promise<Item[]> {
  const repository = readChoices()?.repository;
  if (repository === undefined) {
    log("infra/choices.json names no repository, so nothing is removed from GitHub.");
    return [];
  }
  const api = async (...args: string[]) =>
    (await runOrThrow(run, ["gh", ["api", ...args]])).split("\n").filter(Boolean);
  const path = `repos/${repository}`;
  const item = (kind: "variables" | "environments", what: string): Item => ({
    name: `${kind === "variables" ? "variable" : "environment"} ${what} of ${repository}`,
    remove: () => api("--method", "DELETE", `${path}/${kind === "variables" ? "actions/" : ""}${kind}/${what}`),
  });
  const variables = await api(`${path}/actions/variables`, "--paginate", "--jq", ".variables[].name");
  const environments = await api(`${path}/environments`, "--paginate", "--jq", ".environments[].name");
  const ours = deployers.flatMap((deployer) => deployer.environments);
  return [
    ...variables.filter((name) => isVariable(name)).map((name) => item("variables", name)),
    ...environments.filter((name) => ours.includes(name)).map((name) => item("environments", name)),
  ];
}

async function listRoles(context: DeployContext, subscriptionId: string): Promise<Item[]> {
  const { az } = context;
  const items: Item[] = [];
  for (const { name } of customRoles(subscriptionId, true)) {
    const definitions = (await az("role", "definition", "list", "--name", name)) as { name: string }[];
    if (definitions.length === 0) continue;
    const assignments = (await az(
      "role",
      "assignment",
      "list",
      "--role",
      name,
      "--scope",
      `/subscriptions/${subscriptionId}`,
    )) as {
      id: string;
    }[];
    for (const { id } of assignments)
      items.push({
        name: `an assignment of the role ${name}`,
        remove: () => az("role", "assignment", "delete", "--ids", id),
      });
    for (const { name: id } of definitions)
      items.push({
        name: `the role ${name}`,
        remove: () =>
          retry(
            context,
            () => az("role", "definition", "delete", "--name", id, "--custom-role-only", "true"),
            REPLICATION,
          ),
      });
  }
  return items;
}

async function listGroups({ az, run }: DeployContext): Promise<Item[]> {
  const existing = (await az("group", "list", "--query", "[].name")) as string[];
  // The state goes last: until then a stage could be destroyed by Terraform.
  const ours = [...deployers.map(({ group }) => group), STATE_GROUP];
  const patient = createAz(run, GROUP_MS);
  return Promise.all(
    ours
      .filter((group) => existing.includes(group))
      .map(async (group) => {
        const count = await az("resource", "list", "--resource-group", group, "--query", "length(@)");
        return {
          name: `the resource group ${group}, with ${count} resource(s)`,
          remove: () => patient("group", "delete", "--name", group, "--yes"),
        };
      }),
  );
}
