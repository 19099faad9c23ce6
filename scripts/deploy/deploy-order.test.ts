// The order of a deployment, and what each failure before its code leaves, against a stage that refuses what Azure refuses.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everything, folder, NEW, nobodyHoldsData, OLD, order, run, standing } from "./fixtures/deployment.ts";
import { createStage, DEPLOYER } from "./fixtures/stage.ts";

describe("a deployment", () => {
  it("goes platform, seed, package, events, verify, good", async () => {
    const stage = createStage();
    expect(await run(stage, { startAt: "1200" })).toBeUndefined();
    expect(order(stage)).toEqual([
      "platform apply",
      "seed-entity",
      "upload",
      "source",
      "events apply",
      "verify",
      "metadata",
    ]);
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toMatch(/^2026-11-21T/);
    expect(stage.state.lines).toContain('visits of "resume": created at 1200');
    expect(stage.state.lines).toContain("  create  azurerm_x.platform");
    const checks = stage.state.did.find((line) => line.startsWith("node verify"));
    expect(checks).toContain(
      `--commit ${NEW} --allowed-origin https://www.example.com --production --workspace 7d1f0c1e-`,
    );
    expect(stage.state.slack).toEqual([]);
    expect(nobodyHoldsData(stage)).toBe(true);
  });

  it("seeds through the login of az, and gives it no key", async () => {
    const stage = createStage();
    await run(stage);
    const [settings] = stage.state.seeded;
    expect(settings).toMatchObject({
      STAGE: "production",
      AZURE_TOKEN_CREDENTIALS: "AzureCliCredential",
      PAGES: "resume",
    });
    expect(settings?.TABLES_ENDPOINT).toBe(`https://${stage.target.names.cosmosAccount}.table.cosmos.azure.com:443`);
  });

  it("waits while roles spread, up to ten minutes, and no longer", async () => {
    const patient = createStage();
    Object.assign(patient.faults, { seedRefusals: 20, releaseRefusals: 10, deployRefusals: 5 });
    expect(await run(patient)).toBeUndefined();
    const forever = createStage();
    forever.faults.seedRefusals = 1e6;
    const began = forever.state.now;
    expect(await run(forever)).toContain("not authorized");
    expect(forever.state.now - began).toBeLessThanOrEqual(600_000);
    expect(forever.state.now - began).toBeGreaterThan(540_000);
    expect(nobodyHoldsData(forever)).toBe(true);
    expect(forever.state.deployed).toBeUndefined();
  });

  it("does not wait for what is no refusal", async () => {
    const stage = createStage();
    stage.faults.fails = ["node seed-entity"];
    const began = stage.state.now;
    await run(stage);
    expect(stage.state.now).toBe(began);
  });

  it("keeps the last ten good packages, and nothing else", async () => {
    const stage = createStage();
    const { releases } = stage.state;
    for (let i = 0; i < 12; i++) releases.set(`${i}.zip`, { text: "", good: `2026-10-${10 + i}T00:00:00Z` });
    releases.set("never-good.zip", { text: "" });
    await run(stage);
    expect([...releases.keys()].toSorted()).toEqual(
      [...[3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => `${i}.zip`), `${NEW}.zip`].toSorted(),
    );
  });
});

describe("what fails before the code", () => {
  it.each([
    ["terraform", "platform plan"],
    ["terraform", "platform apply"],
    ["node seed-entity", ""],
    ["az storage blob upload", ""],
  ])("(%s %s) stops there, leaves the code alone and tells Slack", async (program, rest) => {
    const stage = await standing();
    stage.faults.fails = rest ? [] : [program];
    if (rest) {
      const { run: real } = stage.world;
      Object.assign(stage.world, {
        run: (async (command, args, options) => {
          if (command === program && args.join(" ").includes(`${rest.split(" ")[0]} ${rest.split(" ")[1]}`))
            return { code: 1, stdout: "", stderr: "no" };
          return real(command, args, options);
        }) satisfies typeof real,
      });
    }
    const message = await run(stage);
    expect(message).toContain("ended with 1");
    expect(stage.state.deployed?.commit).toBe(OLD);
    expect(stage.state.slack[0]?.data.essentials.description).toContain("before the code");
    expect(nobodyHoldsData(stage)).toBe(true);
  });

  it.each(["azurerm_storage_account", "azurerm_cosmosdb_table", "azurerm_key_vault"])(
    "stops at a plan that would lose %s, unless that is meant",
    async (type) => {
      const stage = await standing();
      stage.faults.deletes = [type];
      expect(await run(stage)).toContain(`would lose data (replace ${type}.it)`);
      expect(stage.state.did.some((line) => line.includes("apply"))).toBe(false);
      expect(await run(stage, { allowLoss: true })).toBeUndefined();
    },
  );
});

describe("the temporary right to data", () => {
  it("is taken away when seeding fails", async () => {
    const stage = createStage();
    stage.faults.fails = ["node seed-entity"];
    await run(stage);
    expect(nobodyHoldsData(stage)).toBe(true);
    expect(stage.state.did.some((line) => line.startsWith("az role assignment create"))).toBe(true);
  });

  it("that a crashed run left is removed by the next, which touches nobody else's", async () => {
    const stage = createStage();
    const left = { principalId: DEPLOYER };
    stage.state.rowRoles.push({ id: "/left", properties: left }, { id: "/app", properties: { principalId: "app" } });
    stage.state.vaultRoles.push(
      { id: "left", ...left, description: "vitae seed of run 3" },
      { id: "app", principalId: "app", description: null },
    );
    await run(stage);
    expect(stage.state.rowRoles.map(({ id }) => id)).toEqual(["/app"]);
    expect(stage.state.vaultRoles.map(({ id }) => id)).toEqual(["app"]);
    const removed = stage.state.did.findIndex((line) => line.includes("delete") && line.includes("left"));
    expect(removed).toBeLessThan(stage.state.did.findIndex((line) => line.startsWith("node seed-entity")));
  });
});

it("takes the other right away when one cannot be, and says so", async () => {
  const stage = createStage();
  stage.faults.fails = ["az rest --method delete"];
  expect(await run(stage)).toContain("THE DEPLOYER KEEPS A RIGHT ON DATA");
  expect(stage.state.vaultRoles).toEqual([]);
});

describe("a preview", () => {
  it("that fails stays as it is, wakes nobody, and reports what its checks said", async () => {
    const stage = createStage("preview-7");
    expect(await run(stage)).toBeUndefined();
    const next = Object.assign(stage, { target: createStage("preview-7", OLD).target });
    const report = join(folder, "checks.txt");
    expect(await run(next, { healthy: false, report })).toContain(`The checks of ${OLD} failed`);
    expect(next.state.deployed).toEqual({ commit: OLD, healthy: false });
    expect(next.state.slack).toEqual([]);
    expect(await readFile(report, "utf8")).toContain(`1 check of ${OLD} failed`);
  });
});

describe("a dry run", () => {
  it("plans the platform only while there is no event key, and changes nothing", async () => {
    const stage = createStage();
    expect(await run(stage, { dryRun: true })).toBeUndefined();
    expect(stage.state.stacks).toEqual(new Set());
    expect(stage.state.did.filter((line) => / plan /.test(line))).toHaveLength(1);
    expect(stage.state.lines.join("\n")).toContain("no key for events yet");
  });

  it("plans both stacks once the app runs", async () => {
    const stage = await standing();
    const before = structuredClone(stage.state.deployed);
    expect(await run(stage, { dryRun: true })).toBeUndefined();
    expect(stage.state.did.filter((line) => / plan /.test(line))).toHaveLength(2);
    expect(order(stage)).toEqual([]);
    expect(stage.state.deployed).toEqual(before);
  });
});

it.each([[[]], [["terraform -chdir"]], [["az storage blob"]], [["az functionapp deployment"]], [["node verify"]]])(
  "shows no signed address, whatever fails (%j)",
  async (fails) => {
    const stage = createStage();
    stage.faults.fails = fails;
    const message = await run(stage);
    expect(everything(stage, message)).not.toContain("s3cr3t");
  },
);
