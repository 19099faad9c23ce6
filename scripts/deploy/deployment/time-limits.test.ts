// Programs that hang, take all their time, or fail after they had their effect.
import { describe, expect, it } from "vitest";
import { beginPhase, LONGEST_DEPLOYMENT, phases } from "./deadline.ts";
import { createDeployedStage, deployerHasNoDataRole, injectAt, NEW, OLD, runDeployment } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

const minutesOf = (stage: { state: { now: number } }, began: number) => (stage.state.now - began) / 60_000;

describe("a program that hangs", () => {
  it.each([
    ["stacks/platform init"],
    ["stacks/platform plan"],
    ["stacks/platform apply"],
    ["seed-entity"],
    ["keyvault secret"],
    ["role assignment create"],
    ["storage blob upload"],
    ["storage blob list"],
  ])("%s fails the deployment before the code is replaced, and Slack is notified", async (command) => {
    const stage = await createDeployedStage();
    stage.faults.hangingCommand = command;
    const began = stage.state.now;
    expect(await runDeployment(stage)).toContain("(Ended, as it had not finished");
    expect(stage.state.deployed?.commit).toBe(OLD);
    expect(stage.state.slack[0]?.data.essentials.description).toContain("(Ended, as it had not finished");
    expect(deployerHasNoDataRole(stage)).toBe(true);
    expect(minutesOf(stage, began)).toBeLessThan(60);
  });

  it("leaves the new code when only the mark of its package hangs, fails and notifies Slack", async () => {
    const stage = await createDeployedStage();
    stage.faults.hangingCommand = "storage blob metadata";
    expect(await runDeployment(stage)).toContain("The package was not marked as good, so no rollback would use it");
    expect(stage.state.deployed?.commit).toBe(NEW);
    expect(stage.state.slack).toHaveLength(1);
  });
});

describe("the phases of a deployment", () => {
  it("a deployment whose programs take all their time ends within the longest time, before the code is replaced", async () => {
    const stage = await createDeployedStage();
    stage.faults.isSlow = true;
    const began = stage.state.now;
    expect(await runDeployment(stage)).toContain('The phase "deploy" has used its 100 minutes');
    expect(stage.state.deployed?.commit).toBe(OLD);
    expect(minutesOf(stage, began)).toBeLessThanOrEqual(LONGEST_DEPLOYMENT);
  });

  it("a rollback has time of its own after a phase that used all of its time", async () => {
    const stage = await createDeployedStage();
    const { fetch } = stage.context;
    const began = stage.state.now;
    // Responses that end just before the phase does.
    const slowFetch: typeof fetch = async (address, init) => {
      if (String(address).endsWith("/api/health") && stage.state.now < began + 60_000)
        stage.state.now += (phases.deploy - 1) * 60_000;
      return fetch(address, init);
    };
    Object.assign(stage.context, { fetch: slowFetch });
    stage.faults.hangingCommand = `--commit ${NEW}`;
    expect(await runDeployment(stage)).toContain(`Rolled back to ${OLD}, which passes its checks.`);
    expect(minutesOf(stage, began)).toBeGreaterThan(phases.deploy - 1);
    expect(minutesOf(stage, began)).toBeLessThanOrEqual(LONGEST_DEPLOYMENT);
  });

  it("a rollback that uses all of its time is reported as failed", async () => {
    const stage = await createDeployedStage();
    const { fetch } = stage.context;
    const slowFetch: typeof fetch = async (address, init) => {
      if (String(address).includes("/api/publish") && stage.state.deployed?.commit === NEW)
        stage.state.now += phases.rollBack * 60_000;
      return fetch(address, init);
    };
    Object.assign(stage.context, { fetch: slowFetch });
    const message = await runDeployment(stage, { healthy: false });
    expect(message).toContain('The phase "rollBack" has used its 45 minutes');
    expect(stage.state.slack[0]?.data.essentials.description).toContain('The phase "rollBack" has used its 45 minutes');
  });

  it("a rollback whose programs take all their time ends within the longest time", async () => {
    const stage = await createDeployedStage();
    injectAt(stage, `--commit ${NEW}`, { isSlow: true });
    const began = stage.state.now;
    expect(await runDeployment(stage, { healthy: false })).toMatch(/Rolled back to a+|The rollback to a+ failed/);
    expect(minutesOf(stage, began)).toBeLessThanOrEqual(LONGEST_DEPLOYMENT);
  });

  it("what follows the mark of the package ends within its phase, with warnings only", async () => {
    const stage = await createDeployedStage();
    injectAt(stage, "storage blob metadata", { isSlow: true });
    const began = stage.state.now;
    expect(await runDeployment(stage)).toBeUndefined();
    expect(stage.state.lines.join("\n")).toMatch(/::warning::.*The phase "finish" has used its 30 minutes/);
    expect(minutesOf(stage, began)).toBeLessThanOrEqual(phases.finish + 1);
  });

  it("a program gets what is left of its phase, and none starts after it", async () => {
    const { context, state } = createStage();
    const limits: (number | undefined)[] = [];
    const phase = beginPhase(
      {
        ...context,
        run: async (_command, _args, options) => {
          limits.push(options?.timeoutMs);
          return { code: 0, stdout: "", stderr: "" };
        },
      },
      "rollBack",
    );
    await phase.run("az", []);
    state.now += (phases.rollBack - 2) * 60_000;
    await phase.run("az", []);
    await phase.run("terraform", [], { timeoutMs: 1_000 });
    await expect(phase.clock.sleep(3 * 60_000)).rejects.toThrow("a wait of 180 s");
    state.now += 2 * 60_000;
    await expect(phase.az("account", "show")).rejects.toThrow('The phase "rollBack" has used its 45 minutes');
    expect(limits).toEqual([5 * 60_000, 2 * 60_000, 1_000]);
  });
});

describe("a program that fails after it had its effect", () => {
  it.each([
    ["terraform stacks/platform apply"],
    ["node seed-entity"],
    ["az role assignment create"],
    ["az storage blob upload"],
  ])("%s fails the deployment, and the next deployment succeeds", async (command) => {
    const stage = await createDeployedStage();
    stage.faults.failingAfterwards = [command];
    expect(await runDeployment(stage)).toContain("The connection was lost.");
    expect(stage.state.deployed?.commit).toBe(OLD);
    expect(deployerHasNoDataRole(stage)).toBe(true);
    stage.faults.failingAfterwards = [];
    expect(await runDeployment(stage)).toBeUndefined();
    expect(stage.state.deployed?.commit).toBe(NEW);
    expect(stage.state.releases.get(`${OLD}.zip`)?.good).toBeDefined();
  });

  it("an apply of the events that fails after half of it keeps the code, and the next deployment connects them", async () => {
    const stage = await createDeployedStage();
    stage.faults.failingAfterwards = ["terraform stacks/events apply"];
    expect(await runDeployment(stage)).toContain("Blob events were not connected");
    stage.faults.failingAfterwards = [];
    expect(await runDeployment(stage)).toBeUndefined();
    expect(stage.state.verifyTokens.at(-1)).toBeDefined();
  });
});
