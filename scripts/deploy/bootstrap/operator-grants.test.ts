// The roles of a person who deploys from a laptop.
import { expect, it } from "vitest";
import { SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { answers, simulatedContext } from "./context.fixture.ts";
import { assignmentCondition } from "./deployer-roles.ts";
import { containersCondition, describeGrant, missingGrants, operatorGrants } from "./operator-grants.ts";
import { bootstrap, bootstrapOperator } from "./order.ts";
import { deployerOf, stateAccountOf } from "./plan.ts";
import { emptyPrograms } from "./programs.fixture.ts";

const grants = operatorGrants({
  subscriptionId: SUBSCRIPTION,
  stateAccount: stateAccountOf(SUBSCRIPTION),
  deployer: deployerOf("production"),
});
const subscription = `/subscriptions/${SUBSCRIPTION}`;
const asAssignments = () =>
  grants.map(({ role, scope, condition = null }) => ({ roleDefinitionName: role.name, scope, condition }));

it("operatorGrants lists what a deployment of production from a laptop needs", () => {
  expect(grants.map(describeGrant)).toEqual([
    "Contributor on the group vitae-production",
    "Role Based Access Control Administrator on the group vitae-production for the app's roles only",
    "Key Vault Secrets Officer on the group vitae-production",
    "Storage Blob Data Contributor on the group vitae-production for the containers deploymentpackage, releases, $web only",
    `Storage Blob Data Contributor on the container production of ${stateAccountOf(SUBSCRIPTION)}`,
    "Reader on the identity vitae-deployer-production",
    expect.stringMatching(/^Vitae deployer look-ups [a-z0-9]{5} on the subscription$/),
  ]);
});

it("containersCondition limits every action on blobs to the three containers", () => {
  const BLOBS = "Microsoft\\.Storage/storageAccounts/blobServices/containers/blobs";
  // The data actions of the role Storage Blob Data Contributor.
  for (const action of ["read", "write", "delete", "move/action", "add/action"])
    expect(containersCondition).toMatch(new RegExp(`!\\(ActionMatches\\{'${BLOBS}/${action}'\\}\\)`));
  expect(containersCondition).toContain("StringEquals {'deploymentpackage', 'releases', '$web'}");
  expect(containersCondition.split("(")).toHaveLength(containersCondition.split(")").length);
});

it("missingGrants returns what no assignment covers: by role, scope and condition", () => {
  expect(missingGrants(grants, [])).toEqual(grants);
  expect(missingGrants(grants, asAssignments())).toEqual([]);
  const owner = { roleDefinitionName: "Owner", scope: subscription, condition: null };
  // An owner of the subscription has no right to data.
  expect(missingGrants(grants, [owner]).map(({ role }) => role.name)).toEqual([
    ...["Key Vault Secrets Officer", "Storage Blob Data Contributor", "Storage Blob Data Contributor"],
  ]);
  const contributor = { roleDefinitionName: "Contributor", scope: subscription, condition: null };
  expect(missingGrants(grants, [contributor])).not.toContainEqual(
    expect.objectContaining({ role: { name: "Reader" } }),
  );
  // Neither a group whose name begins alike, nor another condition, nor the other stage.
  const others = asAssignments().map((it) => ({ ...it, scope: it.scope.replace("vitae-production", "vitae-prod") }));
  expect(missingGrants(grants.slice(0, 4), others)).toHaveLength(4);
  const limited = asAssignments().map((it) => ({ ...it, condition: it.condition && "(another)" }));
  expect(missingGrants(grants, limited).map(({ condition }) => condition)).toEqual([
    assignmentCondition,
    containersCondition,
  ]);
});

it("bootstrap --operator grants the signed-in user the roles on both stages, once", async () => {
  const programs = emptyPrograms();
  const { context, lines } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: false, confirmed: true });
  const { assignments } = programs.azure;
  const before = assignments.length;
  await bootstrapOperator(context, { operator: "me", dryRun: true });
  expect(assignments).toHaveLength(before);
  lines.length = 0;
  await bootstrapOperator(context, { operator: "me", dryRun: false });
  const granted = assignments.slice(before);
  expect(new Set(granted.map(({ principalType }) => principalType))).toEqual(new Set(["User"]));
  const names = new Map(programs.azure.definitions.map(({ name, roleName }) => [name, roleName]));
  expect(granted).toHaveLength(14);
  for (const stage of ["production", "preview-1"] as const) {
    const options = { subscriptionId: SUBSCRIPTION, stateAccount: stateAccountOf(SUBSCRIPTION) };
    for (const { role, scope, condition = null } of operatorGrants({ ...options, deployer: deployerOf(stage) }))
      expect(
        granted.some(
          (it) =>
            it.scope === scope &&
            it.condition === condition &&
            (it.role === role.id || names.get(it.role) === role.name),
        ),
      ).toBe(true);
  }
  expect(lines.at(-1)).toContain("npm run deploy -- --stage production");
  lines.length = 0;
  await bootstrapOperator(context, { operator: "ada@ada.dev", dryRun: false });
  expect(assignments).toHaveLength(before + 14);
  expect(lines.filter((line) => line.endsWith(": created"))).toEqual([]);
});

it("bootstrap --operator finds a guest by e-mail address, and rejects a stranger, a name, and an address of several people", async () => {
  const programs = emptyPrograms();
  const { context, lines } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: false, confirmed: true });
  await bootstrapOperator(context, { operator: "eve@eve.dev", dryRun: true });
  expect(lines.join("\n")).toContain("operator eve_eve.dev#EXT#@ada.dev (0f0e0d0c-");
  const reject = (operator: string) => expect(bootstrapOperator(context, { operator, dryRun: false })).rejects;
  await reject("o'neil@ada.dev").toThrow(
    'must be a person of the tenant of this subscription. Received "o\'neil@ada.dev"',
  );
  await reject("shared@ada.dev").toThrow(
    "Several have the address shared@ada.dev: eve_eve.dev#EXT#@ada.dev, ada@ada.dev. Use a user principal name",
  );
  await reject("Ada").toThrow('must be me, an object id, a user principal name or an e-mail address. Received "Ada"');
});

it("bootstrap --operator stops before bootstrap, and names missing prerequisites", async () => {
  const { context } = simulatedContext(emptyPrograms());
  await expect(bootstrapOperator(context, { operator: "me", dryRun: false })).rejects.toThrow(
    "run npm run bootstrap first",
  );
  const { context: noAz } = simulatedContext({ ...emptyPrograms(), missing: ["az"] });
  await expect(bootstrapOperator(noAz, { operator: "me", dryRun: false })).rejects.toThrow("az is not installed");
});
