// The order of a deployment, and what each failure in it leaves, against a stage that refuses what Azure refuses.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeployOptions, deploy } from "./deploy-order.ts";
import { createStage, DEPLOYER, type Package, type Stage } from "./fixtures/stage.ts";

const NEW = "c".repeat(40);
const OLD = "a".repeat(40);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitae-packages-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function packed({ commit, healthy }: Package): Promise<string> {
  const file = join(folder, `${commit}-${healthy}.zip`);
  await writeFile(file, JSON.stringify({ commit, healthy }));
  return file;
}

/** The message of the failure, or nothing. */
async function run(stage: Stage, it: Partial<Package> & Partial<DeployOptions> = {}): Promise<string | undefined> {
  const { healthy = true, ...options } = it;
  const { commit } = stage.target;
  const file = await packed({ commit, healthy });
  const all = { file, dryRun: false, allowLoss: false, verifyArgs: [], ...options };
  return deploy(stage.world, stage.target, all).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** A stage on which the old commit runs well. */
async function standing(commit = NEW): Promise<Stage> {
  const before = createStage("production", OLD, "1");
  expect(await run(before)).toBeUndefined();
  const stage = createStage("production", commit, "2");
  Object.assign(stage.state, { ...before.state, did: [], lines: [], slack: [], seeded: [] });
  return stage;
}
const nobodyHoldsData = ({ state }: Stage) =>
  [...state.rowRoles.map(({ properties }) => properties), ...state.vaultRoles].every(
    ({ principalId }) => principalId !== DEPLOYER,
  );
const order = ({ state }: Stage) =>
  state.did
    .map(
      (line) =>
        /^terraform \S*?(platform|events) (apply)|^node (seed-entity|verify)|^az (?:storage blob (upload|metadata)|functionapp deployment (source))/.exec(
          line,
        ) ?? [],
    )
    .map((found) => found.slice(1).filter(Boolean).join(" "))
    .filter(Boolean);
const everything = ({ state }: Stage, message = "") =>
  [...state.lines, message, JSON.stringify(state.slack)].join("\n");

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

describe("what fails from the code on", () => {
  it("rolls back to the last good package, checks that, fails and tells Slack", async () => {
    const stage = await standing();
    const message = await run(stage, { healthy: false });
    expect(message).toContain(`The checks of ${NEW} failed`);
    expect(message).toContain(`Rolled back to ${OLD}, which passes its checks.`);
    expect(stage.state.deployed).toEqual({ commit: OLD, healthy: true });
    expect(order(stage).slice(-4)).toEqual(["events apply", "verify", "source", "verify"]);
    expect(stage.state.slack).toHaveLength(1);
    expect(stage.state.slack[0]?.data.essentials.description).toContain(`Rolled back to ${OLD}`);
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeUndefined();
  });

  it.each(["az functionapp deployment", "az functionapp keys"])("rolls back too when %s fails", async (program) => {
    const stage = await standing();
    stage.faults.fails = [program];
    const message = await run(stage);
    // The same fault stops the way back where it is the deployment itself.
    expect(message).toMatch(program.endsWith("keys") ? /Rolled back to a+, which passes/ : /THE ROLLBACK FAILED/);
    expect(stage.state.deployed?.commit).toBe(OLD);
  });

  it("says so loudly when the code before fails its checks too", async () => {
    const stage = await standing();
    const good = stage.state.releases.get(`${OLD}.zip`);
    if (good) good.text = JSON.stringify({ commit: OLD, healthy: false });
    expect(await run(stage, { healthy: false })).toContain("WHICH FAILS ITS CHECKS TOO");
    expect(stage.state.slack[0]?.data.essentials.description).toContain("WHICH FAILS ITS CHECKS TOO");
  });

  it("stops when it is the first deployment, and says that there is nothing to go back to", async () => {
    const stage = createStage();
    const message = await run(stage, { healthy: false });
    expect(message).toContain("There is no earlier package that passed its checks");
    expect(stage.state.deployed).toEqual({ commit: NEW, healthy: false });
    expect(stage.state.slack).toHaveLength(1);
  });

  it("never goes back to a package that was only kept, nor to the commit that failed", async () => {
    const stage = await standing(OLD);
    stage.state.releases.set("kept.zip", { text: JSON.stringify({ commit: "kept", healthy: true }) });
    expect(await run(stage, { healthy: false })).toContain("no earlier package");
  });

  it("fails for its own reason when Slack cannot be told", async () => {
    const stage = await standing();
    stage.faults.slackIsDown = true;
    expect(await run(stage, { healthy: false })).toContain("The checks of");
    expect(stage.state.lines).toContain(
      "Slack was not told: the notifier could not be reached, or does not stand yet.",
    );
  });
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
