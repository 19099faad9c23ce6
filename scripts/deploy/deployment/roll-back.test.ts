// The rollback of a deployment that fails after its package was deployed.
import { describe, expect, it } from "vitest";
import { createDeployedStage, injectAt, NEW, OLD, runDeployment, stepsOf } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

describe("deploy after the code is replaced", () => {
  it("deploy rolls back to the last good package, verifies it, fails and notifies Slack", async () => {
    const stage = await createDeployedStage();
    const message = await runDeployment(stage, { healthy: false });
    expect(message).toContain(`The checks of ${NEW} failed`);
    expect(message).toContain(`Rolled back to ${OLD}, which passes its checks.`);
    expect(stage.state.deployed).toEqual({ commit: OLD, healthy: true });
    expect(stepsOf(stage).slice(-4)).toEqual(["events apply", "verify", "publish", "verify"]);
    expect(stage.state.slack).toHaveLength(1);
    expect(stage.state.slack[0]?.data.essentials.description).toContain(`Rolled back to ${OLD}`);
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeUndefined();
  });

  it.each(["rejects the upload", "rejects the package", "hangs", "deploys for ever"])(
    "deploy rolls back at once when the deployment API %s, and uploads the package once",
    async (fault) => {
      const stage = await createDeployedStage();
      stage.faults.publishing = [fault];
      expect(await runDeployment(stage)).toMatch(/Rolled back to a+, which passes/);
      expect(stage.state.deployed?.commit).toBe(OLD);
      expect(stepsOf(stage).filter((step) => step === "publish")).toHaveLength(2);
    },
  );

  it("deploy rolls back within three minutes when Azure accepts a package whose host does not start", async () => {
    const stage = await createDeployedStage();
    const began = stage.state.now;
    const message = await runDeployment(stage, { starts: false });
    expect(message).toContain(`does not return commit ${NEW} yet`);
    expect(message).toContain(`Rolled back to ${OLD}, which passes its checks.`);
    expect(stepsOf(stage).filter((step) => step === "publish")).toHaveLength(2);
    expect(stage.state.now - began).toBeLessThan(4 * 60_000);
  });

  it("deploy waits ten minutes for the first package, whose host needs roles that are minutes old", async () => {
    const stage = createStage();
    const began = stage.state.now;
    const late = { ...stage.context.clock };
    stage.context.clock.sleep = async (milliseconds) => {
      await late.sleep(milliseconds);
      if (stage.state.deployed && stage.state.now > began + 9 * 60_000)
        stage.state.deployed = { ...stage.state.deployed, starts: true };
    };
    expect(await runDeployment(stage, { starts: false })).toBeUndefined();
  });

  it("deploy waits for the keys of a host that starts", async () => {
    const stage = await createDeployedStage();
    stage.faults.keyDenials = 10;
    expect(await runDeployment(stage)).toBeUndefined();
  });

  it.each([
    ["the keys of the app", "never come", { keyDenials: 1000 }],
    ["az functionapp keys", "fails", { failingCommands: ["az functionapp keys"] }],
    ["az functionapp keys", "hangs", { hangingCommand: "functionapp keys" }],
    ["verify", "hangs", { hangingCommand: `--commit ${NEW}` }],
  ])("deploy rolls back when %s %s", async (_program, _how, faults) => {
    const stage = await createDeployedStage();
    Object.assign(stage.faults, faults);
    expect(await runDeployment(stage)).toMatch(/Rolled back to a+, which passes/);
    expect(stage.state.deployed?.commit).toBe(OLD);
  });

  it.each([
    ["hangs while it downloads", { hangingCommand: "storage blob download" }, "(Ended, as it had not finished"],
    ["hangs in its checks", { hangingCommand: `--commit ${OLD}` }, "which also fails its checks"],
    ["is rejected", { publishing: ["rejects the upload"] }, "The zip has no host.json."],
    ["never starts", { failingCommands: ["az functionapp show"] }, "failed with exit code 1"],
  ])("a rollback that %s is reported in the error and in Slack", async (_, faults, reason) => {
    const stage = await createDeployedStage();
    injectAt(stage, `--commit ${NEW}`, faults);
    const message = await runDeployment(stage, { healthy: false });
    const [slack] = stage.state.slack.map(({ data }) => data.essentials.description);
    for (const text of [message, slack]) {
      expect(text).toMatch(/(?:The rollback to a+ failed, so it is not known which code runs|also fails its checks)/);
      expect(text).toContain(reason);
      expect(text).toContain('docs/maintain.md, "Roll back by hand"');
    }
    expect(stage.state.slack).toHaveLength(1);
  });

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

  it("deploy rolls back to the package that was marked last, also by a laptop whose clock was behind", async () => {
    const stage = await createDeployedStage();
    const { releases } = stage.state;
    Object.assign(releases.get(`${OLD}.zip`) ?? {}, { good: "2026-11-20T00:00:00.000Z" });
    const older = { commit: "b".repeat(40), healthy: true };
    releases.set(`${older.commit}.zip`, { text: JSON.stringify(older), good: "2026-11-21T00:00:00.000Z", modified: 1 });
    expect(await runDeployment(stage, { healthy: false })).toContain(`Rolled back to ${OLD}`);
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
