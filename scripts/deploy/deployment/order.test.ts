// The order of a deployment and its failures before the code is replaced, against a simulated stage.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createDeployedStage,
  deployerHasNoDataRole,
  NEW,
  OLD,
  outputOf,
  runDeployment,
  stepsOf,
} from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

describe("deploy", () => {
  it("deploy runs platform, seed, package, events, verify and mark in this order", async () => {
    const stage = createStage();
    expect(await runDeployment(stage, { startAt: "1200" })).toBeUndefined();
    expect(stepsOf(stage)).toEqual([
      "platform apply",
      "seed-entity",
      "upload",
      "publish",
      "events apply",
      "verify",
      "metadata",
    ]);
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toMatch(/^2026-11-21T/);
    expect(stage.state.lines).toContain('visits of "resume": created at 1200');
    expect(stage.state.lines).toContain("  create  azurerm_x.platform");
    const checks = stage.state.commands.find((line) => line.startsWith("node verify"));
    expect(checks).toContain(
      `--commit ${NEW} --allowed-origin https://www.example.com --production --workspace 7d1f0c1e-`,
    );
    expect(stage.state.slack).toEqual([]);
    expect(deployerHasNoDataRole(stage)).toBe(true);
  });

  it("deploy seeds with the Azure CLI login and passes no key", async () => {
    const stage = createStage();
    await runDeployment(stage);
    const [settings] = stage.state.seeded;
    expect(settings).toMatchObject({
      STAGE: "production",
      AZURE_TOKEN_CREDENTIALS: "AzureCliCredential",
      PAGES: "resume",
    });
    expect(settings?.TABLES_ENDPOINT).toBe(`https://${stage.target.names.cosmosAccount}.table.cosmos.azure.com:443`);
  });

  it("deploy retries denied permissions for at most ten minutes", async () => {
    const slow = createStage();
    Object.assign(slow.faults, { seedDenials: 20, releaseDenials: 10, publishing: Array(5).fill("cannot store") });
    expect(await runDeployment(slow)).toBeUndefined();
    const denied = createStage();
    denied.faults.seedDenials = 1e6;
    const began = denied.state.now;
    expect(await runDeployment(denied)).toContain("not authorized");
    expect(denied.state.now - began).toBeLessThanOrEqual(600_000);
    expect(denied.state.now - began).toBeGreaterThan(540_000);
    expect(deployerHasNoDataRole(denied)).toBe(true);
    expect(denied.state.deployed).toBeUndefined();
  });

  it("deploy does not retry an error other than a denied permission", async () => {
    const stage = createStage();
    stage.faults.failingCommands = ["node seed-entity"];
    const began = stage.state.now;
    await runDeployment(stage);
    expect(stage.state.now).toBe(began);
  });

  it("deploy keeps only the ten newest good packages", async () => {
    const stage = createStage();
    const { releases } = stage.state;
    for (let i = 0; i < 12; i++) releases.set(`${i}.zip`, { text: "", good: `2026-10-${10 + i}T00:00:00Z` });
    releases.set("never-good.zip", { text: "" });
    await runDeployment(stage);
    expect([...releases.keys()].toSorted()).toEqual(
      [...[3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => `${i}.zip`), `${NEW}.zip`].toSorted(),
    );
  });
});

it("deploy succeeds, and marks the package, when old packages cannot be deleted", async () => {
  const stage = createStage();
  stage.state.releases.set("never-good.zip", { text: "" });
  stage.faults.failingCommands = ["az storage blob delete"];
  expect(await runDeployment(stage)).toBeUndefined();
  expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeDefined();
  expect(outputOf(stage)).toContain("::warning::Old packages were not deleted");
});

describe("deploy before the code is replaced", () => {
  it.each([
    ["terraform stacks/platform plan"],
    ["terraform stacks/platform apply"],
    ["node seed-entity"],
    ["az storage blob upload"],
  ])("deploy stops, keeps the code and notifies Slack when %s fails", async (command) => {
    const stage = await createDeployedStage();
    stage.faults.failingCommands = [command];
    const message = await runDeployment(stage);
    expect(message).toContain("failed with exit code 1");
    expect(stage.state.deployed?.commit).toBe(OLD);
    expect(stage.state.slack[0]?.data.essentials.description).toContain("before the code was replaced");
    expect(deployerHasNoDataRole(stage)).toBe(true);
  });

  it.each(["azurerm_storage_account", "azurerm_cosmosdb_table", "azurerm_key_vault"])(
    "deploy rejects a plan that would replace %s unless loss is allowed",
    async (type) => {
      const stage = await createDeployedStage();
      stage.faults.replacedTypes = [type];
      expect(await runDeployment(stage)).toContain(`would lose data (replace ${type}.it)`);
      expect(stage.state.commands.some((line) => line.includes("apply"))).toBe(false);
      expect(await runDeployment(stage, { allowLoss: true })).toBeUndefined();
    },
  );
});

describe("deploy of a preview", () => {
  it("deploy keeps a failed preview, does not notify Slack, and writes the report", async () => {
    const stage = createStage("preview-7");
    expect(await runDeployment(stage)).toBeUndefined();
    const next = Object.assign(stage, { target: createStage("preview-7", OLD).target });
    const folder = await mkdtemp(join(tmpdir(), "vitae-report-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const report = join(folder, "checks.txt");
    expect(await runDeployment(next, { healthy: false, report })).toContain(`The checks of ${OLD} failed`);
    expect(next.state.deployed).toEqual({ commit: OLD, healthy: false });
    expect(next.state.slack).toEqual([]);
    expect(await readFile(report, "utf8")).toContain(`1 check of ${OLD} failed`);
  });
});

it("deploy of production starts nothing without the lock file of the providers, and previews need none", async () => {
  const stage = createStage();
  const lockFile = "/nowhere/.terraform.lock.hcl";
  expect(await runDeployment(stage, { lockFile })).toContain(".terraform.lock.hcl is missing, so nothing was deployed");
  expect(stage.state.commands).toEqual([]);
  expect(await runDeployment(stage, { lockFile, dryRun: true })).toBeUndefined();
  expect(await runDeployment(createStage("preview-7"), { lockFile })).toBeUndefined();
});

describe("deploy as a dry run", () => {
  it("a dry run plans only the platform before the event key exists, and changes nothing", async () => {
    const stage = createStage();
    expect(await runDeployment(stage, { dryRun: true })).toBeUndefined();
    expect(stage.state.stacks).toEqual(new Set());
    expect(stage.state.commands.filter((line) => / plan /.test(line))).toHaveLength(1);
    expect(stage.state.lines.join("\n")).toContain("no event key yet");
  });

  it("a dry run plans both stacks when the app runs", async () => {
    const stage = await createDeployedStage();
    const before = structuredClone(stage.state.deployed);
    expect(await runDeployment(stage, { dryRun: true })).toBeUndefined();
    expect(stage.state.commands.filter((line) => / plan /.test(line))).toHaveLength(2);
    expect(stepsOf(stage)).toEqual([]);
    expect(stage.state.deployed).toEqual(before);
  });
});

it.each([[[]], [["terraform stacks"]], [["az storage blob"]], [["az functionapp show"]], [["node verify"]]])(
  "deploy prints no signed address when %j fails",
  async (fails) => {
    const stage = createStage();
    stage.faults.failingCommands = fails;
    const message = await runDeployment(stage);
    expect(outputOf(stage, message)).not.toContain("s3cr3t");
  },
);
