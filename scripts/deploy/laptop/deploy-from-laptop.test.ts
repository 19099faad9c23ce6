// npm run deploy: what it checks before it changes anything, and a deployment with the plan of the pipeline by a person.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { NEW } from "../deployment/deployment.fixture.ts";
import { createStage, DEPLOYER, type SimulatedStage } from "../deployment/simulated-stage.fixture.ts";
import { deployFromLaptop, type LaptopOptions } from "./deploy-from-laptop.ts";
import { CHOICES, createLaptop, PERSON } from "./laptop.fixture.ts";
import { readCommit } from "./source-commit.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-laptop-"));
  await writeFile(join(folder, "vitae.zip"), JSON.stringify({ commit: NEW, healthy: true }));
  await writeFile(join(folder, "lock.hcl"), "");
  await writeFile(join(folder, "choices.json"), JSON.stringify(CHOICES));
  vi.stubEnv("VITAE_CHOICES", join(folder, "choices.json"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

type Laptop = ReturnType<typeof createLaptop>;

/** Deploys, and returns the laptop with the message of the error, if any. */
async function deployWith(
  prepare: (laptop: Laptop, stage: SimulatedStage) => unknown = () => undefined,
  options: Partial<LaptopOptions> = {},
) {
  const stage = createStage();
  const laptop = createLaptop(stage);
  await prepare(laptop, stage);
  const files = { packageFile: join(folder, "vitae.zip"), lockFile: join(folder, "lock.hcl") };
  const all = { stageName: "production", dryRun: false, allowLoss: false, ...files, ...options };
  const message = await deployFromLaptop(laptop.context, all).then(
    () => undefined,
    (error: Error) => error.message,
  );
  return {
    ...laptop,
    stage,
    message,
    wrote: stage.state.commands.filter((line) => /^terraform|upload|create/.test(line)),
  };
}

it("deploys a clean commit with the identity of the pipeline in the plan and the login of the person", async () => {
  for (const name of ["ARM_CLIENT_SECRET", "TF_WORKSPACE", "TF_DATA_DIR", "TF_CLI_ARGS_plan"])
    vi.stubEnv(name, "of another project");
  const { message, stage, state, leases, lines } = await deployWith();
  expect(message).toBeUndefined();
  expect(stage.state.deployed).toEqual({ commit: NEW, healthy: true });
  const synthesis = state.environments.find(({ program }) => program.includes("infra/main.ts"));
  const apply = state.environments.find(({ program }) => program.includes(" apply "));
  for (const { env } of [synthesis, apply].map((found) => found ?? { env: {} }))
    expect(env).toMatchObject({
      DEPLOYER_OBJECT_ID: DEPLOYER,
      ARM_USE_OIDC: "false",
      ARM_USE_CLI: "true",
      ...{ ARM_CLIENT_SECRET: "", TF_WORKSPACE: "", TF_DATA_DIR: "", TF_CLI_ARGS_plan: "" },
    });
  expect([...leases.blobs.values()].map(({ metadata }) => metadata.by)).toEqual(["ada@ada.dev"]);
  expect(stage.state.tableRoles).toEqual([]);
  expect(lines.join("\n")).toContain(`Using the subscription ${stage.target.subscriptionId} as ada@ada.dev.`);
});

it("gives the person the role on tables while it seeds, and no role on the vault", async () => {
  const { stage } = await deployWith();
  const roles = stage.state.commands.filter((line) => line.includes("--method put"));
  expect(roles).toEqual([expect.stringContaining(`"principalId":"${PERSON}"`)]);
  expect(stage.state.commands.filter((line) => line.includes("role assignment create"))).toEqual([]);
});

it.each<[string, (laptop: Laptop) => void, RegExp]>([
  [
    "a changed file",
    ({ state }) => (state.changes = " M infra/stages.ts\n?? note.txt\n"),
    /2 file\(s\) differ.*\n {3}M infra\/stages\.ts\n {2}\?\? note\.txt/,
  ],
  ["no login", ({ state }) => (state.account = undefined), /^You are not logged in to Azure.* Run: az login$/],
  [
    "the login of a service principal",
    ({ state }) => (state.account = { id: "x", user: { name: "ci", type: "servicePrincipal" } }),
    /A person must be logged in.*servicePrincipal ci/,
  ],
  ["no Terraform", ({ state }) => (state.hasTerraform = false), /terraform could not be started: install it/],
  [
    "a subscription without bootstrap",
    ({ state }) => (state.hasIdentity = false),
    /has no identity vitae-deployer-production\. Prepare it with npm run bootstrap/,
  ],
  [
    "no roles",
    ({ state }) => (state.grants = []),
    /^ada@ada\.dev lacks (\d+) role\(s\) for production.*\n(?: {2}.*\n){6,}An owner .*npm run bootstrap -- --operator ada@ada\.dev$/,
  ],
  [
    "a build that fails",
    ({ state }) => (state.packageFails = true),
    /package\.ts failed with exit code 1:\nesbuild failed/,
  ],
  ["a build that changes files", ({ state }) => (state.changesOfBuild = " M package-lock.json"), /1 file\(s\) differ/],
])("changes nothing with %s", async (_, prepare, expected) => {
  const { message, wrote, leases } = await deployWith(prepare);
  expect(message).toMatch(expected);
  expect([wrote, leases.blobs.size]).toEqual([[], 0]);
});

it.each<[Partial<LaptopOptions>, string]>([
  [{ stageName: undefined }, "--stage must be production or preview-N"],
  [{ stageName: "prod" }, 'received "prod"'],
  [{ lockFile: "/nowhere" }, ".terraform.lock.hcl is missing"],
])("rejects %j before it calls Azure", async (options, expected) => {
  const { message, state } = await deployWith(undefined, options);
  expect(message).toContain(expected);
  expect(state.environments.filter(({ program }) => program.startsWith("az"))).toEqual([]);
});

it("changes nothing with a number of visits that is none", async () => {
  const { message, wrote, leases } = await deployWith(undefined, { startAt: "1,200" });
  expect(message).toMatch(/^--start-at must be a whole number .* received "1,200"/);
  expect([wrote, leases.blobs.size]).toEqual([[], 0]);
});

it("a folder without a commit is named as such", async () => {
  const run = async () => ({ code: 128, stdout: "", stderr: "fatal: Needed a single revision" });
  await expect(readCommit(run)).rejects.toThrow("this folder has none: make your copy with git");
});

it("rejects a stage with placeholders", async () => {
  vi.stubEnv("VITAE_CHOICES", join(folder, "none.json"));
  expect((await deployWith()).message).toContain("npm run bootstrap");
});

it("plans changed files in a dry run, without the lock", async () => {
  const { message, leases, stage } = await deployWith(({ state }) => (state.changes = " M infra/stages.ts"), {
    dryRun: true,
  });
  expect(message).toBeUndefined();
  expect(leases.blobs.size).toBe(0);
  expect(stage.state.commands.some((line) => line.includes("/platform plan"))).toBe(true);
  expect(stage.state.commands.some((line) => line.includes(" apply "))).toBe(false);
});

it("warns of a commit that no remote has", async () => {
  const { message, lines } = await deployWith(({ state }) => (state.remoteBranches = ""));
  expect(message).toBeUndefined();
  expect(lines).toContainEqual(expect.stringMatching(/^warning: no branch of a remote has this commit/));
});
