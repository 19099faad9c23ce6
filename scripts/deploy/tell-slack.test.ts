// What a failed deployment says reaches Slack through the notifier as it is synthesized.
import { expect, it } from "vitest";
import { notify } from "../../infra/alerting/notifier.simulation.ts";
import { SUBSCRIPTION } from "../../infra/alerting/payloads.fixture.ts";
import { createStage } from "./fixtures/stage.ts";
import { tellSlack } from "./tell-slack.ts";

it("is an alert that the notifier takes for its own, and posts with what runs now", async () => {
  const { world, target, state } = createStage();
  state.stacks.add("platform");
  await tellSlack(world, { ...target, subscriptionId: SUBSCRIPTION }, "The checks failed. Rolled back to aaaaaaa.");
  expect(state.lines).toEqual(["Slack was told."]);
  const { run, posts } = await notify(state.slack[0]);
  expect(run.status).toBe("Succeeded");
  expect(posts[0]?.body).toContain("Deployment of ccccccc to production");
  expect(posts[0]?.body).toContain("The checks failed. Rolled back to aaaaaaa.");
});
