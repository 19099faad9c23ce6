// How bootstrap deals with what exists already, comes late or fails.
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { SUBSCRIPTION } from "../azure-cli.fixture.ts";
import { answers, simulatedContext } from "./context.fixture.ts";
import { assignmentCondition, customRoles } from "./deployer-roles.ts";
import { bootstrap } from "./order.ts";
import { emptyPrograms, type Programs } from "./programs.fixture.ts";

const custom = customRoles(SUBSCRIPTION, true);

async function run(programs: Programs): Promise<string[]> {
  const { context, lines } = simulatedContext(programs);
  await bootstrap(context, { answers, dryRun: false, confirmed: true });
  return lines;
}

it("bootstrap replaces an existing assignment that lacks its condition", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const right = programs.azure.assignments.find(({ condition }) => condition !== null);
  if (right) right.condition = null;
  await run(programs);
  const { assignments } = programs.azure;
  expect(assignments.filter(({ condition }) => condition === assignmentCondition)).toHaveLength(2);
  expect(assignments).toHaveLength(9);
});

it("bootstrap updates an existing custom role whose actions differ", async () => {
  const programs = emptyPrograms();
  await run(programs);
  const [definition] = programs.azure.definitions;
  definition?.actions.pop();
  expect(await run(programs)).toContain(`role ${custom[0]?.name}: updated`);
  expect(definition?.actions).toEqual(custom[0]?.actions);
});

it.each(["unknownIdentities", "unknownRoles"] as const)(
  "bootstrap retries assignments for five minutes while there are %s",
  async (kind) => {
    const programs = { ...emptyPrograms(), [kind]: 8 };
    const lines = await run(programs);
    expect(lines.filter((line) => line.includes("is not known everywhere yet; retrying"))).toHaveLength(8);
    expect(programs.azure.assignments).toHaveLength(9);
    const { context, lines: late } = simulatedContext({ ...emptyPrograms(), [kind]: 1000 });
    await expect(bootstrap(context, { answers, dryRun: false, confirmed: true })).rejects.toThrow(
      /NotFound|DoesNotExist/,
    );
    expect(late.filter((line) => line.includes("retrying"))).toHaveLength(30);
  },
);

it("bootstrap does not retry an assignment that Azure denies", async () => {
  const { context, lines } = simulatedContext({ ...emptyPrograms(), azFails: "role assignment create" });
  await expect(bootstrap(context, { answers, dryRun: false, confirmed: true })).rejects.toThrow("AuthorizationFailed");
  expect(lines.join("\n")).not.toContain("retrying");
});

it("bootstrap uses a new role that is not listed yet, in this run and in one after a failure", async () => {
  const programs = { ...emptyPrograms(), hiddenRoleLists: 3 };
  await run(programs);
  expect(programs.azure.definitions.map(({ roleName }) => roleName)).toEqual(custom.map(({ name }) => name));
  programs.azure.assignments.length = 0;
  programs.hiddenRoleLists = 5;
  const lines = await run(programs);
  expect(lines.join("\n")).toContain("exists and is not listed yet; retrying in 10 s.");
  expect(programs.azure.definitions).toHaveLength(2);
  expect(programs.azure.assignments).toHaveLength(9);
  programs.hiddenRoleLists = 100;
  await expect(run(programs)).rejects.toThrow("RoleDefinitionWithSameNameExists");
});

it("bootstrap stops at a failing call, names it, and the next run continues from there", async () => {
  const programs = { ...emptyPrograms(), azFails: "group create --name vitae-production" };
  const { context, lines } = simulatedContext(programs);
  await expect(bootstrap(context, { answers, dryRun: false, confirmed: true })).rejects.toThrow(
    /az group create --name vitae-production.*AuthorizationFailed/s,
  );
  expect(lines).toContain("resource group vitae-state: created");
  // The workflows start only with this variable, which is set last.
  expect(programs.github.variables).toEqual({});
  programs.azFails = "";
  expect(await run(programs)).toContain("resource group vitae-state: already exists");
  expect(programs.azure.assignments).toHaveLength(9);
  expect(programs.github.writes.at(-1)).toBe("STATE_ACCOUNT");
});

it("bootstrap stops at a region without Flex Consumption that Azure could not check before", async () => {
  const { context, lines } = simulatedContext(emptyPrograms());
  const options = { answers: { ...answers, region: "mars" }, dryRun: false, confirmed: true };
  await expect(bootstrap(context, options)).rejects.toThrow(
    'The region must have Flex Consumption: northeurope, swedencentral. Received "mars".',
  );
  expect(lines.at(-1)).toMatch(/^registration of /);
});

it.each([
  ["gh api user", /GitHub does not respond\. gh api user failed .*not finished after 60 s/],
  ["gh variable set AZURE_TENANT_ID", /gh variable set AZURE_TENANT_ID .*not finished after 60 s/],
  ["az account show", /az account show .*not finished after 900 s/],
  ["az group create", /az group create .*not finished after 900 s/],
])("bootstrap fails when %s hangs, and the next run finishes", async (hangs, message) => {
  const programs: Programs = { ...emptyPrograms(), hangs };
  await expect(run(programs)).rejects.toThrow(message);
  expect(programs.github.variables).not.toHaveProperty("STATE_ACCOUNT");
  await run(Object.assign(programs, { hangs: undefined }));
  expect(programs.github.writes.at(-1)).toBe("STATE_ACCOUNT");
});

it.each([
  ["gh api --method PUT repos/ada/vitae/environments/production"],
  ["gh api --method PUT repos/ada/vitae/environments/preview "],
  ["gh variable set AZURE_SUBSCRIPTION_ID"],
  ["az storage account create"],
  ["az identity create"],
  ["az role definition create"],
  ["az role assignment create"],
])("bootstrap that fails after half of its work, in %s, is finished by the next run", async (failsAfterwards) => {
  const whole = emptyPrograms();
  await run(whole);
  const programs: Programs = { ...emptyPrograms(), failsAfterwards };
  await expect(run(programs)).rejects.toThrow("The connection was lost.");
  expect(programs.github.variables).not.toHaveProperty("STATE_ACCOUNT");
  await run(Object.assign(programs, { failsAfterwards: undefined }));
  expect(programs.github.environments).toEqual(whole.github.environments);
  const described = ({ azure, github }: Programs) => [
    Object.keys(github.variables).sort(),
    azure.assignments.map(({ scope, condition, principalType }) => [scope, condition, principalType]),
    Object.values(azure.storage).map(({ blobs, containers }) => [blobs, containers]),
    Object.entries(azure.identities).map(([name, { credentials }]) => [name, credentials]),
  ];
  expect(described(programs)).toEqual(described(whole));
});

it.each([
  ["az identity create", "az created the identity vitae-deployer-production and printed nothing about it"],
  ["az role definition create", "az printed no id of the role or of who gets it"],
])("bootstrap sets no placeholder, and stops, when %s prints nothing", async (isSilent, message) => {
  const programs: Programs = { ...emptyPrograms(), isSilent };
  await expect(run(programs)).rejects.toThrow(message);
  expect(programs.github.variables).toEqual({});
  await run(Object.assign(programs, { isSilent: undefined }));
  expect(JSON.stringify(programs)).not.toContain("…");
});

it("bootstrap stops when the repository cannot be read any more, instead of trusting tokens of unknown ids", async () => {
  const programs = emptyPrograms();
  const { context, file } = simulatedContext(programs);
  let reads = 0;
  const onlyOnce: typeof context.run = async (command, args, options) =>
    args.join(" ") === "api repos/ada/vitae" && ++reads > 1
      ? { code: 1, stdout: "", stderr: "gh: Not Found (HTTP 404)\n" }
      : context.run(command, args, options);
  const options = { answers, dryRun: false, confirmed: true };
  await expect(bootstrap({ ...context, run: onlyOnce }, options)).rejects.toThrow("ada/vitae does not exist");
  expect([reads, programs.azure.writes, existsSync(file)]).toEqual([2, [], false]);
});
