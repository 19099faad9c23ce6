// The data roles that a deployment has while it seeds.
import { describe, expect, it } from "vitest";
import { deployerHasNoDataRole, injectAt, outputOf, runDeployment } from "./deployment.fixture.ts";
import { createStage, DEPLOYER } from "./simulated-stage.fixture.ts";

describe("temporary data roles", () => {
  it("temporary data roles are removed when seeding fails", async () => {
    const stage = createStage();
    stage.faults.failingCommands = ["node seed-entity"];
    await runDeployment(stage);
    expect(deployerHasNoDataRole(stage)).toBe(true);
    expect(stage.state.commands.some((line) => line.startsWith("az role assignment create"))).toBe(true);
  });

  it("temporary data roles are assigned and removed also while Cosmos DB makes another change of the account", async () => {
    const stage = createStage();
    stage.faults.tableRoleDenials = 3;
    injectAt(stage, "seed-entity", { tableRoleDenials: 3 });
    expect(await runDeployment(stage)).toBeUndefined();
    expect(deployerHasNoDataRole(stage)).toBe(true);
    expect(stage.faults.tableRoleDenials).toBeLessThan(0);
  });

  it("a seed that fails is reported also when a temporary data role cannot be removed", async () => {
    const stage = createStage();
    stage.faults.failingCommands = ["node seed-entity", "az rest --method delete"];
    expect(await runDeployment(stage)).toMatch(/seed-entity\/main\.ts failed with exit code/);
    expect(outputOf(stage)).toContain("::warning::A temporary data role of the deployer was not removed");
  });

  it("temporary data roles of an interrupted run are removed by the next run, which keeps those of other principals", async () => {
    const stage = createStage();
    const left = { principalId: DEPLOYER };
    stage.state.tableRoles.push({ id: "/left", properties: left }, { id: "/app", properties: { principalId: "app" } });
    stage.state.vaultRoles.push(
      { id: "left", ...left, description: "vitae seed of run 3" },
      { id: "app", principalId: "app", description: null },
    );
    await runDeployment(stage);
    expect(stage.state.tableRoles.map(({ id }) => id)).toEqual(["/app"]);
    expect(stage.state.vaultRoles.map(({ id }) => id)).toEqual(["app"]);
    const removed = stage.state.commands.findIndex((line) => line.includes("delete") && line.includes("left"));
    expect(removed).toBeLessThan(stage.state.commands.findIndex((line) => line.startsWith("node seed-entity")));
  });
});

it("removes the vault role and reports the table role that could not be removed", async () => {
  const stage = createStage();
  stage.faults.failingCommands = ["az rest --method delete"];
  expect(await runDeployment(stage)).toContain("A temporary data role of the deployer was not removed");
  expect(stage.state.vaultRoles).toEqual([]);
});
