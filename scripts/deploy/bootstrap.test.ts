// What bootstrap makes in an empty subscription, against a stand-in for az that remembers and refuses as Azure does.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { namesOf, stateOf } from "../../infra/naming.ts";
import { deployers, resourceProviders, stateAccountOf } from "./bootstrap-plan.ts";
import { bootstrap } from "./bootstrap-steps.ts";
import { assignable, assignmentCondition } from "./deployer-roles.ts";
import { type Azure, answerAz, emptyAzure, SUBSCRIPTION } from "./fixtures/azure.ts";
import { standIn } from "./fixtures/program.ts";

const repository = { owner: "ada", name: "vitae", ownerId: 11, id: 22 };
const account = stateAccountOf(SUBSCRIPTION);

async function run(azure: Azure, dryRun = false): Promise<string[]> {
  const az = async (...args: string[]) => structuredClone(answerAz(azure, args));
  const lines: string[] = [];
  for await (const line of bootstrap({ az, repository, location: "westeurope", dryRun })) lines.push(line);
  return lines;
}
const group = (name: string) => `/subscriptions/${SUBSCRIPTION}/resourceGroups/${name}`;
const container = (name: string) =>
  `${group("vitae-state")}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/${name}`;

it("gives each deployer exactly its roles: on its group, on its state container, look-ups, and for previews the purge", async () => {
  const azure = emptyAzure();
  await run(azure);
  const CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c";
  const ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
  const BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
  const grants = (who: string) =>
    azure.assignments
      .filter(({ principalId }) => principalId === azure.identities[who]?.principalId)
      .map(({ role, scope, condition }) => [role, scope, condition]);
  expect(grants("vitae-deployer-production")).toEqual([
    [CONTRIBUTOR, group("vitae-production"), null],
    [ADMINISTRATOR, group("vitae-production"), assignmentCondition],
    [BLOBS, container("production"), null],
    [azure.definitions[0]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
  ]);
  expect(grants("vitae-deployer-preview")).toEqual([
    [CONTRIBUTOR, group("vitae-preview"), null],
    [ADMINISTRATOR, group("vitae-preview"), assignmentCondition],
    [BLOBS, container("preview"), null],
    [azure.definitions[0]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
    [azure.definitions[1]?.name, `/subscriptions/${SUBSCRIPTION}`, null],
  ]);
  expect(azure.assignments).toHaveLength(9);
  expect(new Set(azure.assignments.map(({ principalType }) => principalType))).toEqual(new Set(["ServicePrincipal"]));
  const [lookUps, purge] = azure.definitions.map(({ actions }) => actions);
  // Without the first, Terraform cannot make the workspace; none of these changes anything.
  expect(lookUps).toContain("Microsoft.OperationalInsights/deletedWorkspaces/read");
  expect(lookUps?.filter((action) => !/\/(?:read|join\/action)$/.test(action))).toEqual([]);
  expect(purge?.join(" ")).toMatch(/^Microsoft\.KeyVault\/locations\/deletedVaults\/read /);
});

it("lets a deployer give and take the app's eight roles to service principals, and no other", () => {
  const ids = (action: string) =>
    new RegExp(`${action}'\\}\\)\\) OR \\(@\\w+\\[[^\\]]+\\] ForAnyOfAnyValues:GuidEquals \\{([^}]+)\\}`)
      .exec(assignmentCondition)?.[1]
      ?.split(", ");
  for (const action of ["write", "delete"]) expect(ids(action)).toEqual(assignable.map(({ id }) => id));
  expect(assignable).toHaveLength(8);
  expect(
    assignmentCondition.match(/PrincipalType\] ForAnyOfAnyValues:StringEqualsIgnoreCase \{'ServicePrincipal'\}/g),
  ).toHaveLength(2);
  // Neither Owner, nor Contributor, nor the right to give rights.
  expect(assignmentCondition).not.toMatch(/8e3af657|b24988ac|f58310d9|18d7d88d/);
  // A bracket too few would be refused by Azure only.
  expect(assignmentCondition.split("(")).toHaveLength(assignmentCondition.split(")").length);
});

it("takes GitHub's tokens in both forms, of environments only", async () => {
  const azure = emptyAzure();
  await run(azure);
  const subjects = (who: string) => azure.identities[who]?.credentials.map(({ subject }) => subject);
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
  for (const { credentials } of Object.values(azure.identities))
    for (const { issuer, audiences } of credentials)
      expect([issuer, audiences]).toEqual([
        "https://token.actions.githubusercontent.com",
        "api://AzureADTokenExchange",
      ]);
});

it("makes the state's account without keys, with versions and soft delete", async () => {
  const azure = emptyAzure();
  await run(azure);
  const made = azure.storage[account];
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
  expect(Object.keys(azure.groups)).toEqual(["vitae-state", "vitae-production", "vitae-preview"]);
  expect(azure.providers.toSorted()).toEqual(resourceProviders.toSorted());
});

it.each([
  ["production", 0],
  ["preview-7", 1],
] as const)("makes the group and the container that %s deploys to", (stage, which) => {
  expect(namesOf(stage, SUBSCRIPTION).resourceGroup).toBe(deployers[which]?.group);
  expect(stateOf(stage, "platform").containerName).toBe(deployers[which]?.container);
});

it("changes nothing the second time, and says of everything that it stood", async () => {
  const azure = emptyAzure();
  const first = await run(azure);
  azure.writes.length = 0;
  const before = structuredClone(azure);
  const second = await run(azure);
  expect({ ...azure, writes: [] }).toEqual(before);
  expect(azure.writes).toEqual(["storage account blob-service-properties update "]);
  expect(second.filter((line) => line.endsWith(": created"))).toEqual([]);
  expect(second.filter((line) => line.endsWith(": stood already"))).toHaveLength(
    first.filter((line) => /: (?:created|stood already)$/.test(line)).length,
  );
});

it("replaces a standing right to give roles that has no condition", async () => {
  const azure = emptyAzure();
  await run(azure);
  const right = azure.assignments.find(({ condition }) => condition !== null);
  if (right) right.condition = null;
  await run(azure);
  expect(azure.assignments.filter(({ condition }) => condition === assignmentCondition)).toHaveLength(2);
  expect(azure.assignments).toHaveLength(9);
});

it("makes nothing in a dry run, in an empty subscription and in a prepared one", async () => {
  const azure = emptyAzure();
  const lines = await run(azure, true);
  expect(azure).toEqual(emptyAzure());
  expect(lines).toContain("resource group vitae-state: would be created");
  await run(azure);
  azure.writes.length = 0;
  expect((await run(azure, true)).filter((line) => line.includes("would be"))).toEqual([]);
  expect(azure.writes).toEqual([]);
});

it("prints the variables of GitHub, and no secret", async () => {
  const azure = emptyAzure();
  const text = (await run(azure)).join("\n");
  const { clientId, principalId } = azure.identities["vitae-deployer-production"] ?? {};
  expect(text).toContain(`gh variable set AZURE_CLIENT_ID --repo ada/vitae --env production --body ${clientId}`);
  expect(text).toContain(`gh variable set DEPLOYER_OBJECT_ID --repo ada/vitae --env production --body ${principalId}`);
  expect(text).toContain(`gh variable set STATE_ACCOUNT --repo ada/vitae --body ${account}`);
  expect(text).not.toContain("gh secret");
  expect(text.match(/"reviewers"/g)).toHaveLength(2);
});

/** The command itself, with az from the PATH. */
async function command(fails = "", azure = emptyAzure(), ...args: string[]) {
  await using program = await standIn("az", "az.ts");
  const state = join(program.folder, "azure.json");
  await writeFile(state, JSON.stringify(azure));
  const env = { ...process.env, PATH: program.PATH, AZURE_STATE: state, AZURE_FAILS: fails };
  const given = args.length > 0 ? args : ["--repository", "ada/vitae", "--owner-id", "11", "--repository-id", "22"];
  return await new Promise<{ code: unknown; stdout: string; stderr: string; azure: Azure }>((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, "bootstrap.ts"), ...given],
      { env },
      async (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr, azure: JSON.parse(await readFile(state, "utf8")) }),
    );
  });
}

it("stops at the call that fails, names it, and goes on from there the next time", async () => {
  const prepared = { ...emptyAzure(), providers: [...resourceProviders] };
  const { code, stdout, stderr, azure } = await command("group create --name vitae-production", prepared);
  expect(code).toBe(1);
  expect(stdout).toContain("resource group vitae-state: created");
  expect(stderr).toContain("bootstrap: az group create --name vitae-production");
  expect(stderr).toContain("AuthorizationFailed");
  expect(stderr).not.toMatch(/at .*\.ts/);
  expect(Object.keys(azure.groups)).toEqual(["vitae-state"]);
  expect(await run(azure)).toContain("resource group vitae-state: stood already");
  expect(azure.assignments).toHaveLength(9);
}, 240_000);

it.each([
  [["--repository", "vitae"], 'must be OWNER/NAME, received "vitae"'],
  [["--repository", "ada/vitae", "--owner-id", "x", "--repository-id", "1"], 'whole number, received "x"'],
])("refuses %j", async (args, message) => {
  const { code, stderr, azure } = await command("", emptyAzure(), ...args);
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(azure).toEqual(emptyAzure());
});
