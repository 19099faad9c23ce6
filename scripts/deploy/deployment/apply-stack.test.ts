// A first deployment where Azure rejects a part of the platform: a role, the database account, the budget.
import { expect, it } from "vitest";
import type { Run } from "../command.ts";
import { deployerHasNoDataRole, runDeployment, stepsOf } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

/** A stage whose platform is applied without its roles while no secret exists, as Terraform reports it. */
function stageWithout(resource: string) {
  const stage = createStage();
  const { run } = stage.context;
  const rejectRole: Run = async (command, args, options) => {
    const result = await run(command, args, options);
    const isRejected = command === "terraform" && args[1] === "apply" && stage.state.seeded.length === 0;
    if (!isRejected) return result;
    const stderr = `Error: unexpected status 404 with error: ResourceNotFound\n\n  with ${resource},\n  on cdk.tf.json`;
    return { code: 1, stdout: "", stderr };
  };
  return Object.assign(stage, { context: { ...stage.context, run: rejectRole } });
}

it("deploy seeds and applies the platform again when Azure rejects the role on the missing signing keys", async () => {
  const stage = stageWithout("azurerm_role_assignment.identity_signing-keys_1A2B3C4D");
  expect(await runDeployment(stage)).toBeUndefined();
  expect(stepsOf(stage).slice(0, 4)).toEqual(["platform apply", "seed-entity", "platform apply", "seed-entity"]);
  expect(deployerHasNoDataRole(stage)).toBe(true);
});

/** As Terraform prints the failures of an apply: the text of Azure, and the resource if there is one. */
const errorOf = (text: string, resource = "") =>
  `Error: ${text}\n\n${resource && `  with ${resource},\n  on cdk.tf.json line 7, in resource:\n   7: {}\n`}`;
const BUDGET = errorOf(
  'creating Scoped Budget (Scope: "/subscriptions/s"): unexpected status 400 with error: 400: Cost Management supports only Enterprise Agreement, Web direct and Microsoft Customer Agreement offer types.',
  "azurerm_consumption_budget_resource_group.alerting_budget_7A3A6A6E",
);

/** A stage whose applies of the platform fail. */
function stageThatFails(stderr: string) {
  const stage = createStage();
  const { run } = stage.context;
  const reject: Run = async (command, args, options) => {
    const result = await run(command, args, options);
    const isApply = command === "terraform" && args[1] === "apply" && args[0]?.endsWith("platform");
    return isApply ? { code: 1, stdout: "", stderr } : result;
  };
  return Object.assign(stage, { context: { ...stage.context, run: reject } });
}

it("deploy goes on with a warning when Azure has no budgets for the subscription", async () => {
  const stage = stageThatFails(BUDGET);
  expect(await runDeployment(stage)).toBeUndefined();
  expect(stage.state.deployed?.commit).toBe(stage.target.commit);
  expect(stage.state.lines.filter((line) => line.startsWith("::warning::"))).toEqual([
    expect.stringMatching(/Azure rejected the budget.* alerts\.budget\.enabled .*Cost Management supports only/),
  ]);
});

it.each([
  ["another resource", errorOf("unexpected status 409", "azurerm_monitor_action_group.owners_1")],
  ["something that is no resource", errorOf("Failed to persist state to backend")],
])("deploy fails when the budget and %s failed", async (_, other) => {
  for (const stderr of [`${BUDGET}\n${other}`, `${other}\n${BUDGET}`]) {
    const stage = stageThatFails(stderr);
    expect(await runDeployment(stage)).toContain("failed with exit code 1");
    expect(stepsOf(stage)).toEqual(["platform apply"]);
  }
});

it("deploy names the command that removes a Cosmos DB account that Azure did not finish creating", async () => {
  const stage = createStage();
  const { run } = stage.context;
  const stderr = `Error: A resource with the ID "/subscriptions/s/databaseAccounts/x" already exists - to be managed via Terraform this resource needs to be imported into the State. Please see the resource documentation for "azurerm_cosmosdb_account" for more information.`;
  const rejectAccount: Run = async (command, args, options) =>
    command === "terraform" && args[1] === "apply" ? { code: 1, stdout: "", stderr } : run(command, args, options);
  const message = await runDeployment(Object.assign(stage, { context: { ...stage.context, run: rejectAccount } }));
  const { cosmosAccount, resourceGroup } = stage.target.names;
  expect(message).toContain(`az cosmosdb delete --name ${cosmosAccount} --resource-group ${resourceGroup} --yes`);
  expect(stage.state.commands.join()).not.toContain("cosmosdb delete");
});

it("deploy does not seed after another failure of the platform", async () => {
  const stage = stageWithout("azurerm_role_assignment.alerting_notifier_reads-slack-url_5E6F7A8B");
  expect(await runDeployment(stage)).toContain("ResourceNotFound");
  expect(stepsOf(stage)).toEqual(["platform apply"]);
});
