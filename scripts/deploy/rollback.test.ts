// The rollback of a deployment that fails after its package was deployed.
import { describe, expect, it } from "vitest";
import { createDeployedStage, NEW, OLD, runDeployment, stepsOf } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

describe("deploy after the code is replaced", () => {
  it("deploy rolls back to the last good package, verifies it, fails and notifies Slack", async () => {
    const stage = await createDeployedStage();
    const message = await runDeployment(stage, { healthy: false });
    expect(message).toContain(`The checks of ${NEW} failed`);
    expect(message).toContain(`Rolled back to ${OLD}, which passes its checks.`);
    expect(stage.state.deployed).toEqual({ commit: OLD, healthy: true });
    expect(stepsOf(stage).slice(-4)).toEqual(["events apply", "verify", "source", "verify"]);
    expect(stage.state.slack).toHaveLength(1);
    expect(stage.state.slack[0]?.data.essentials.description).toContain(`Rolled back to ${OLD}`);
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeUndefined();
  });

  it.each(["az functionapp deployment", "az functionapp keys"])(
    "deploy rolls back, or reports the failed rollback, when %s fails",
    async (program) => {
      const stage = await createDeployedStage();
      stage.faults.failingCommands = [program];
      const message = await runDeployment(stage);
      // A failing package deployment makes the rollback fail too.
      expect(message).toMatch(program.endsWith("keys") ? /Rolled back to a+, which passes/ : /The rollback failed/);
      expect(stage.state.deployed?.commit).toBe(OLD);
    },
  );

  it("deploy reports that the last good package fails its checks too", async () => {
    const stage = await createDeployedStage();
    const good = stage.state.releases.get(`${OLD}.zip`);
    if (good) good.text = JSON.stringify({ commit: OLD, healthy: false });
    expect(await runDeployment(stage, { healthy: false })).toContain("which also fails its checks");
    expect(stage.state.slack[0]?.data.essentials.description).toContain("which also fails its checks");
  });

  it("deploy reports on a first deployment that there is no package to roll back to", async () => {
    const stage = createStage();
    const message = await runDeployment(stage, { healthy: false });
    expect(message).toContain("no earlier package passed its checks");
    expect(stage.state.deployed).toEqual({ commit: NEW, healthy: false });
    expect(stage.state.slack).toHaveLength(1);
  });

  it("deploy never rolls back to an unmarked package or to the failed commit", async () => {
    const stage = await createDeployedStage(OLD);
    stage.state.releases.set("kept.zip", { text: JSON.stringify({ commit: "kept", healthy: true }) });
    expect(await runDeployment(stage, { healthy: false })).toContain("no earlier package");
  });

  it("deploy fails with the original error when Slack is down", async () => {
    const stage = await createDeployedStage();
    stage.faults.slackIsDown = true;
    expect(await runDeployment(stage, { healthy: false })).toContain("The checks of");
    expect(stage.state.lines).toContain(
      "Slack not notified: the notifier does not exist, is unreachable or rejected the alert.",
    );
  });
});
