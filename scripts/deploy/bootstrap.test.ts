// bootstrap against a simulated subscription.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { namesOf, stateOf } from "../../infra/naming.ts";
import { emptySubscription, runAz, SUBSCRIPTION, type Subscription } from "./azure-cli.fixture.ts";
import { deployers, resourceProviders, stateAccountOf } from "./bootstrap-plan.ts";
import { bootstrap } from "./bootstrap-steps.ts";
import { assignmentCondition } from "./deployer-roles.ts";
import { installStandIn } from "./stand-in.fixture.ts";

const repository = { owner: "ada", name: "vitae", ownerId: 11, id: 22 };
const account = stateAccountOf(SUBSCRIPTION);

async function run(subscription: Subscription, dryRun = false): Promise<string[]> {
  const az = async (...args: string[]) => structuredClone(runAz(subscription, args));
  const lines: string[] = [];
  for await (const line of bootstrap({ az, repository, location: "westeurope", dryRun })) lines.push(line);
  return lines;
}
const group = (name: string) => `/subscriptions/${SUBSCRIPTION}/resourceGroups/${name}`;
const container = (name: string) =>
  `${group("vitae-state")}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/${name}`;

it("bootstrap assigns each deployer exactly its roles: group, state container, look-ups, and purge for previews", async () => {
  const subscription = emptySubscription();
  await run(subscription);
  const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
  const ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
  const BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
  const grants = (who: string) =>
    subscription.assignments
      .filter(({ principalId }) => principalId === subscription.identities[who]?.principalId)
      .map(({ role, scope, condition }) => [role, scope, condition]);
  expect(grants("vitae-deployer-production")).toEqual([
    [CONTRIBUTOR, group("vitae-production"), null],
    [ADMINISTRATOR, group("vitae-production"), assignmentCondition],
    [BLOBS, container("production"), null],
    [subscription.definitions[0]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
  ]);
  expect(grants("vitae-deployer-preview")).toEqual([
    [CONTRIBUTOR, group("vitae-preview"), null],
    [ADMINISTRATOR, group("vitae-preview"), assignmentCondition],
    [BLOBS, container("preview"), null],
    [subscription.definitions[0]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
    [subscription.definitions[1]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
  ]);
  expect(subscription.assignments).toHaveLength(9);
  expect(new Set(subscription.assignments.map(({ principalType }) => principalType))).toEqual(
    new Set(["ServicePrincipal"]),
  );
  const [lookUps, purge] = subscription.definitions.map(({ actions }) => actions);
  // Terraform cannot create the workspace without the first. All look-ups are reads.
  expect(lookUps).toContain("Microsoft.OperationalInsights/deletedWorkspaces/read");
  expect(lookUps?.filter((action) => !/\/(?:read|join\/action)$/.test(action))).toEqual([]);
  expect(purge?.join(" ")).toMatch(/^Microsoft\.KeyVault\/locations\/deletedVaults\/read /);
});

it("bootstrap creates federated credentials in both subject forms, for environments only", async () => {
  const subscription = emptySubscription();
  await run(subscription);
  const subjects = (who: string) => subscription.identities[who]?.credentials.map(({ subject }) => subject);
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
  for (const { credentials } of Object.values(subscription.identities))
    for (const { issuer, audiences } of credentials)
      expect([issuer, audiences]).toEqual([
        "https://token.actions.githubusercontent.com",
        "api://AzureADTokenExchange",
      ]);
});

it("bootstrap creates the state account without keys, with versions and soft delete", async () => {
  const subscription = emptySubscription();
  await run(subscription);
  const made = subscription.storage[account];
  expect(made?.flags).toMatchObject({
    "allow-shared-key-access": "false",
    "allow-blob-public-access": "false",
    "min-tls-version": "TLS1_2",
  });
  expect(made?.blobs).toMatchObject({
    "enable-versioning": "true",
    "enable-delete-retention": "true",
    "enable-container-delete-retention": "true",
  });
  expect(made?.containers).toEqual(["production", "preview"]);
  expect(Object.keys(subscription.groups)).toEqual(["vitae-state", "vitae-production", "vitae-preview"]);
  expect(subscription.providers.toSorted()).toEqual(resourceProviders.toSorted());
});

it.each([
  ["production", 0],
  ["preview-7", 1],
] as const)("bootstrap creates the group and the container that %s deploys to", (stage, which) => {
  expect(namesOf(stage, SUBSCRIPTION, "westeurope").resourceGroup).toBe(deployers[which]?.group);
  expect(stateOf(stage, "platform").containerName).toBe(deployers[which]?.container);
});

it("a second bootstrap changes nothing and reports that everything already exists", async () => {
  const subscription = emptySubscription();
  const first = await run(subscription);
  subscription.writes.length = 0;
  const before = structuredClone(subscription);
  const second = await run(subscription);
  expect({ ...subscription, writes: [] }).toEqual(before);
  expect(subscription.writes).toEqual(["storage account blob-service-properties update "]);
  expect(second.filter((line) => line.endsWith(": created"))).toEqual([]);
  expect(second.filter((line) => line.endsWith(": already exists"))).toHaveLength(
    first.filter((line) => /: (?:created|already exists)$/.test(line)).length,
  );
});

it("bootstrap replaces an existing assignment that lacks its condition", async () => {
  const subscription = emptySubscription();
  await run(subscription);
  const right = subscription.assignments.find(({ condition }) => condition !== null);
  if (right) right.condition = null;
  await run(subscription);
  expect(subscription.assignments.filter(({ condition }) => condition === assignmentCondition)).toHaveLength(2);
  expect(subscription.assignments).toHaveLength(9);
});

it("a dry run of bootstrap changes nothing in an empty and in a prepared subscription", async () => {
  const subscription = emptySubscription();
  const lines = await run(subscription, true);
  expect(subscription).toEqual(emptySubscription());
  expect(lines).toContain("resource group vitae-state: would be created");
  await run(subscription);
  subscription.writes.length = 0;
  expect((await run(subscription, true)).filter((line) => line.includes("would be"))).toEqual([]);
  expect(subscription.writes).toEqual([]);
});

it("bootstrap prints the commands for GitHub variables and no secret", async () => {
  const subscription = emptySubscription();
  const text = (await run(subscription)).join("\n");
  const { clientId, principalId } = subscription.identities["vitae-deployer-production"] ?? {};
  expect(text).toContain(`gh variable set AZURE_CLIENT_ID --repo ada/vitae --env production --body ${clientId}`);
  expect(text).toContain(`gh variable set DEPLOYER_OBJECT_ID --repo ada/vitae --env production --body ${principalId}`);
  expect(text).toContain(`gh variable set STATE_ACCOUNT --repo ada/vitae --body ${account}`);
  expect(text).not.toContain("gh secret");
  expect(text.match(/"reviewers"/g)).toHaveLength(2);
});

/** Runs the command as a process, with az from the PATH. */
async function command(fails = "", subscription = emptySubscription(), ...args: string[]) {
  await using program = await installStandIn("az", "az.ts");
  const state = join(program.folder, "azure.json");
  await writeFile(state, JSON.stringify(subscription));
  const env = { ...process.env, PATH: program.PATH, AZURE_STATE: state, AZURE_FAILS: fails };
  const given = args.length > 0 ? args : ["--repository", "ada/vitae", "--owner-id", "11", "--repository-id", "22"];
  return await new Promise<{ code: unknown; stdout: string; stderr: string; subscription: Subscription }>((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, "bootstrap.ts"), ...given],
      { env },
      async (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr, subscription: JSON.parse(await readFile(state, "utf8")) }),
    );
  });
}

it("bootstrap stops at a failing call, names it, and the next run continues from there", async () => {
  const prepared = { ...emptySubscription(), providers: [...resourceProviders] };
  const { code, stdout, stderr, subscription } = await command("group create --name vitae-production", prepared);
  expect(code).toBe(1);
  expect(stdout).toContain("resource group vitae-state: created");
  expect(stderr).toContain("bootstrap: az group create --name vitae-production");
  expect(stderr).toContain("AuthorizationFailed");
  expect(stderr).not.toMatch(/at .*\.ts/);
  expect(Object.keys(subscription.groups)).toEqual(["vitae-state"]);
  expect(await run(subscription)).toContain("resource group vitae-state: already exists");
  expect(subscription.assignments).toHaveLength(9);
}, 240_000);

it.each([
  [["--repository", "vitae"], 'must be OWNER/NAME, received "vitae"'],
  [["--repository", "ada/vitae", "--owner-id", "x", "--repository-id", "1"], 'whole number, received "x"'],
])("bootstrap rejects %j", async (args, message) => {
  const { code, stderr, subscription } = await command("", emptySubscription(), ...args);
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(subscription).toEqual(emptySubscription());
});
