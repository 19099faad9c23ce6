// Azure's own alert rule after a deployment. The sweep of previews has the test of its deletion.
import { expect, it } from "vitest";
import { createDeployedStage, runDeployment } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

const warningsOf = (lines: readonly string[]) => lines.filter((line) => line.startsWith("::warning::"));

it.each(["production", "preview-7"])("a deployment of %s turns off the alert rule that Azure added", async (name) => {
  const stage = createStage(name);
  expect(await runDeployment(stage)).toBeUndefined();
  expect(warningsOf(stage.state.lines)).toEqual([]);
  // Azure adds it after the first deployment.
  stage.state.generatedRule = { state: "Enabled" };
  expect(await runDeployment(stage)).toBeUndefined();
  expect(stage.state.generatedRule).toEqual({ state: "Disabled" });
});

it("a rule that cannot be turned off is a warning, and the deployment succeeds", async () => {
  const stage = await createDeployedStage();
  stage.state.generatedRule = { state: "Enabled" };
  stage.faults.failingCommands = ["az rest --method patch"];
  expect(await runDeployment(stage)).toBeUndefined();
  expect(warningsOf(stage.state.lines)).toEqual([
    expect.stringContaining("Azure's own alert rule was not turned off."),
  ]);
  expect(stage.state.slack).toEqual([]);
});
