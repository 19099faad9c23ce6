// What a deployment leaves that fails from its code on: the last good package, or the truth about what runs.
import { describe, expect, it } from "vitest";
import { NEW, OLD, order, run, standing } from "./fixtures/deployment.ts";
import { createStage } from "./fixtures/stage.ts";

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
      "Slack not notified: the notifier does not exist, is unreachable or rejected the alert.",
    );
  });
});
