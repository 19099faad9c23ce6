// deploy.ts and preview.ts as processes, as the workflows start them.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../../../infra/config.ts";
import { placeholdersOf } from "../../../infra/placeholders.ts";
import { emptySubscription } from "../azure-cli.fixture.ts";
import { run } from "../command.ts";
import { installStandIn } from "../stand-in.fixture.ts";
import { commentOf } from "./preview-comment.ts";

const root = join(import.meta.dirname, "../../..");
const DEPLOY = join(root, "scripts/deploy/pipeline/deploy.ts");
const PREVIEW = join(root, "scripts/deploy/pipeline/preview.ts");
const COMMIT = "c".repeat(40);

it.each([
  [[], "--stage must be production or preview-N"],
  [["--stage", "production"], "ARM_SUBSCRIPTION_ID must match"],
  [["--stage", "production", "--package"], "--package"],
])("deploy rejects the flags %j with one message", async (args, message) => {
  const { code, stderr } = await run(process.execPath, [DEPLOY, ...args], { env: { ARM_SUBSCRIPTION_ID: "" } });
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/at .*\.ts:/);
});

const target = {
  ARM_SUBSCRIPTION_ID: "6e0a4f5c-6d0f-4a0e-9a36-0d9c6a3b1f11",
  AZURE_CLIENT_ID: "99999999-8888-4777-8666-555555555555",
  DEPLOYER_OBJECT_ID: "11111111-2222-4333-8444-555555555555",
  STATE_ACCOUNT: "vitaestate1",
  GITHUB_SHA: COMMIT,
  GITHUB_RUN_ID: "1",
};

it("a dry run plans the synthesized stacks, and prints addresses and no secret", async () => {
  await using terraform = await installStandIn("terraform", "terraform.ts");
  await using az = await installStandIn("az", "az.ts");
  const state = join(az.folder, "azure.json");
  await writeFile(state, JSON.stringify(emptySubscription()));
  const PATH = `${terraform.folder}:${az.PATH}`;
  const tenant = { ARM_TENANT_ID: "0b6a1f8e-5f53-4f5e-8a44-2a6f8f0f7c55", AZURE_STATE: state, PATH };
  const args = [DEPLOY, "--stage", "production", "--package", "none.zip", "--dry-run=true"];
  const { code, stdout, stderr } = await run(process.execPath, args, { env: { ...target, ...tenant } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/create {2}azapi_resource\.\w+/);
  expect(stdout).toMatch(/create {2}azurerm_key_vault\.\w+/);
  expect(stdout).toContain("the app has no event key yet");
  expect(stdout).not.toMatch(/sig=|s3cr3t/);
}, 240_000);

it("deploy rejects a stage with placeholders and names each of them", async () => {
  const placeholders = placeholdersOf(readConfig("production"));
  const args = [DEPLOY, "--stage", "production", "--package", "none.zip"];
  // The PATH is empty, so that any call of a program would be another error.
  const { code, stdout, stderr } = await run(process.execPath, args, { env: { ...target, PATH: "" } });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^::error::deploy: Nothing was deployed, .* run npm run bootstrap, commit/);
  expect(placeholders).toHaveLength(3);
  for (const placeholder of placeholders) expect(stderr).toContain(placeholder);
});

it("deploy rejects --dry-run=yes", async () => {
  const args = [DEPLOY, "--stage", "production", "--package", "x.zip", "--dry-run=yes"];
  const { code, stdout, stderr } = await run(process.execPath, args, { env: target });
  expect(code).toBe(1);
  expect(stderr).toContain('--dry-run must be true or false, received "yes"');
  expect(stdout).toMatch(/^::error::deploy: /);
});

it.each([
  ["succeeds without a stage", "", 0, ""],
  ["reports a role that it cannot remove", "rest", 1, "A temporary data role of the deployer was not removed"],
])("deploy --remove-seed-roles %s", async (_, fails, exit, message) => {
  await using az = await installStandIn("az", "az.ts");
  const state = join(az.folder, "azure.json");
  await writeFile(state, JSON.stringify(emptySubscription()));
  const env = { ...target, PATH: az.PATH, AZURE_STATE: state, AZURE_FAILS: fails };
  const args = [DEPLOY, "--stage", "production", "--remove-seed-roles"];
  const { code, stderr } = await run(process.execPath, args, { env });
  expect(code).toBe(exit);
  expect(stderr).toContain(message);
});

it("deploy --remove-seed-roles leaves the roles to another run that holds the lock", async () => {
  await using az = await installStandIn("az", "az.ts");
  const state = join(az.folder, "azure.json");
  const lock = { state: "leased", by: "run 9 of the pipeline" };
  await writeFile(state, JSON.stringify({ ...emptySubscription(), lock }));
  const args = [DEPLOY, "--stage", "production", "--remove-seed-roles"];
  const env = { ...target, PATH: az.PATH, AZURE_STATE: state, AZURE_FAILS: "rest" };
  const { code, stdout } = await run(process.execPath, args, { env });
  expect([code, stdout]).toEqual([0, "Temporary roles are left to run 9 of the pipeline, which holds the lock.\n"]);
});

async function preview(args: string[], more: Record<string, string> = {}) {
  await using gh = await installStandIn("gh", "gh.ts");
  const calls = join(gh.folder, "calls");
  await writeFile(calls, "");
  await writeFile(join(gh.folder, "checks.txt"), "\u001b[32mok\u001b[0m counter grows\n```\n");
  const env = { PATH: gh.PATH, GH_CALLS: calls, GITHUB_SHA: COMMIT, GITHUB_STEP_SUMMARY: "", ...more };
  const outcome = await run(process.execPath, [PREVIEW, ...args.map((arg) => arg.replace("@", gh.folder))], { env });
  const lines = (await readFile(calls, "utf8")).split("\n").filter(Boolean);
  return { ...outcome, calls: lines.map((line) => JSON.parse(line) as { args: string; input: string }) };
}

it("preview comment posts the output of verify and replaces its earlier comment", async () => {
  const { code, calls } = await preview(["comment", "@/checks.txt"], { DEPLOYED: "failure", PULL_REQUEST: "7" });
  expect(code).toBe(0);
  expect(calls[0]?.args).toBe("pr comment 7 --body-file - --edit-last --create-if-none");
  expect(calls[0]?.input).toContain("**The preview failed**: ccccccc");
  expect(calls[0]?.input).toContain("```\nok counter grows\n'''\n```");
});

it("commentOf explains that the deployment failed before its checks", () => {
  const text = commentOf({ checks: undefined, passed: false, commit: COMMIT, run: "https://github.test/runs/1" });
  expect(text).toContain("failed before its checks; see the log");
});

it.each([
  [["comment", "x"], { DEPLOYED: "maybe" }, 'received "maybe"'],
  [["sweep"], { STATE_ACCOUNT: "" }, "STATE_ACCOUNT must match"],
  [[], {}, "must be sweep or comment FILE"],
])("preview rejects %j with %j", async (args, env, message) => {
  const { code, stderr, calls } = await preview(args, env as unknown as Record<string, string>);
  expect([code, calls]).toEqual([1, []]);
  expect(stderr).toContain(message);
});
