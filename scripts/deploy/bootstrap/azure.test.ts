// What bootstrap creates in Azure, against a simulated subscription.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { namesOf, stateOf } from "../../../infra/naming.ts";
import { SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { answers, simulatedContext } from "./context.fixture.ts";
import { assignmentCondition } from "./deployer-roles.ts";
import { bootstrap } from "./order.ts";
import { deployerOf, deployers, resourceProviders, stateAccountOf } from "./plan.ts";
import { emptyPrograms, type Programs } from "./programs.fixture.ts";

const account = stateAccountOf(SUBSCRIPTION);

async function run(programs: Programs): Promise<string[]> {
  const { context, lines } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: false, confirmed: true });
  return lines;
}
const group = (name: string) => `/subscriptions/${SUBSCRIPTION}/resourceGroups/${name}`;
const container = (name: string) =>
  `${group("vitae-state")}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/${name}`;

it("bootstrap assigns each deployer exactly its roles: group, state container, look-ups, and purge for previews", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const { assignments, identities, definitions } = programs.azure;
  const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
  const ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
  const BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
  const grants = (who: string) =>
    assignments
      .filter(({ principalId }) => principalId === identities[who]?.principalId)
      .map(({ role, scope, condition }) => [role, scope, condition]);
  expect(grants("vitae-deployer-production")).toEqual([
    [CONTRIBUTOR, group("vitae-production"), null],
    [ADMINISTRATOR, group("vitae-production"), assignmentCondition],
    [BLOBS, container("production"), null],
    [definitions[0]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
  ]);
  expect(grants("vitae-deployer-preview")).toEqual([
    [CONTRIBUTOR, group("vitae-preview"), null],
    [ADMINISTRATOR, group("vitae-preview"), assignmentCondition],
    [BLOBS, container("preview"), null],
    [definitions[0]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
    [definitions[1]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
  ]);
  expect(assignments).toHaveLength(9);
  expect(new Set(assignments.map(({ principalType }) => principalType))).toEqual(new Set(["ServicePrincipal"]));
  const [lookUps, purge] = definitions.map(({ actions }) => actions);
  // Terraform cannot create the workspace without the first. All look-ups are reads.
  expect(lookUps).toContain("Microsoft.OperationalInsights/deletedWorkspaces/read");
  expect(lookUps?.filter((action) => !/\/(?:read|join\/action)$/.test(action))).toEqual([]);
  expect(purge?.join(" ")).toMatch(/^Microsoft\.KeyVault\/locations\/deletedVaults\/read /);
});

it("bootstrap creates federated credentials in both subject forms, for environments only", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const { identities } = programs.azure;
  const subjects = (who: string) => identities[who]?.credentials.map(({ subject }) => subject);
  expect(subjects("vitae-deployer-production")).toEqual([
    "repo:ada/vitae:environment:production",
    "repo:ada@11/vitae@22:environment:production",
  ]);
  expect(subjects("vitae-deployer-preview")).toEqual([
    "repo:ada/vitae:environment:preview",
    "repo:ada@11/vitae@22:environment:preview",
    "repo:ada/vitae:environment:preview-sweep",
    "repo:ada@11/vitae@22:environment:preview-sweep",
  ]);
  for (const { credentials } of Object.values(identities))
    for (const { issuer, audiences } of credentials)
      expect([issuer, audiences]).toEqual([
        "https://token.actions.githubusercontent.com",
        "api://AzureADTokenExchange",
      ]);
});

it("bootstrap creates the state account without keys, with versions and soft delete", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const { storage, groups, providers } = programs.azure;
  expect(storage[account]?.flags).toMatchObject({
    "allow-shared-key-access": "false",
    "allow-blob-public-access": "false",
    "min-tls-version": "TLS1_2",
  });
  expect(storage[account]?.blobs).toMatchObject({
    "enable-versioning": "true",
    "enable-delete-retention": "true",
    "enable-container-delete-retention": "true",
  });
  expect(storage[account]?.containers).toEqual(["production", "preview"]);
  expect(groups).toEqual({
    "vitae-state": "swedencentral",
    "vitae-production": "swedencentral",
    "vitae-preview": "swedencentral",
  });
  expect(providers.toSorted()).toEqual(resourceProviders.toSorted());
});

it("bootstrap tags groups, state account and identities with the project, and the groups of stages with the stage", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const project = "project=vitae";
  expect(programs.azure.tags).toEqual({
    ...{ "vitae-state": project, [account]: project },
    ...{ "vitae-deployer-production": project, "vitae-deployer-preview": project },
    "vitae-production": `${project} stage=production`,
    "vitae-preview": `${project} stage=preview`,
  });
});

it.each(["production", "preview-7"] as const)(
  "bootstrap creates the group and the container that %s deploys to",
  (stage) => {
    const deployer = deployerOf(stage);
    expect(namesOf(stage, SUBSCRIPTION, "swedencentral").resourceGroup).toBe(deployer.group);
    expect(stateOf(stage, "platform").containerName).toBe(deployer.container);
    expect(deployers).toContain(deployer);
  },
);

it("bootstrap creates one budget for all previews, from the first day of this month", async () => {
  const programs = emptyPrograms();
  expect(await run(programs)).toContain("budget of vitae-preview: created");
  const notification = { enabled: true, operator: "GreaterThanOrEqualTo", threshold: 100, contactEmails: [] };
  const owners = { ...notification, contactRoles: ["Owner"] };
  expect(programs.budgets).toEqual({
    "vitae-preview": {
      properties: {
        category: "Cost",
        amount: 10,
        timeGrain: "Monthly",
        timePeriod: { startDate: "2026-11-01T00:00:00Z" },
        notifications: {
          actual: { ...owners, thresholdType: "Actual" },
          forecast: { ...owners, thresholdType: "Forecasted" },
        },
      },
    },
  });
  programs.budgets = {};
  programs.hasBudgets = false;
  const lines = await run(programs);
  expect(lines.join("\n")).toMatch(/budget of vitae-preview: not created.*Cost Management is not supported/s);
  expect(lines.join("\n")).toContain("Azure and GitHub are set up");
});

it("a second bootstrap changes nothing, asks for no answers again, and reports that everything already exists", async () => {
  const programs = emptyPrograms();
  const { context, lines, file } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: false, confirmed: true });
  const chosen = readFileSync(file, "utf8");
  programs.azure.writes.length = 0;
  programs.github.writes.length = 0;
  const before = structuredClone(programs);
  const first = lines.splice(0);
  await bootstrap(context, { answers: {}, dryRun: false, confirmed: true });
  expect({ ...programs, azure: { ...programs.azure, writes: [] } }).toEqual(before);
  expect(programs.azure.writes).toEqual(["storage account blob-service-properties update "]);
  expect(readFileSync(file, "utf8")).toBe(chosen);
  expect(lines).toContain("infra/choices.json: already exists");
  expect(lines.filter((line) => /: (?:created|updated|changed)/.test(line))).toEqual([]);
  expect(lines.filter((line) => line.endsWith(": already exists"))).toHaveLength(
    first.filter((line) => /: (?:created|already exists)$/.test(line)).length,
  );
});
