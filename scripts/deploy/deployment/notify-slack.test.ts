// Renders the alert of a failed deployment with the synthesized workflow.
import { expect, it } from "vitest";
import { slackText } from "../../../infra/alerting/workflow.fixture.ts";
import { notifySlack } from "./notify-slack.ts";
import { createStage } from "./simulated-stage.fixture.ts";

it("posts which deployment failed and which package runs now", async () => {
  const { context, target, state } = createStage();
  state.stacks.add("platform");
  await notifySlack(context, target, "The checks failed. Rolled back to aaaaaaa.");
  expect(state.lines).toEqual(["Slack notified."]);
  const text = slackText(state.slack[0]);
  expect(text).toContain("Fired: Deployment of ccccccc to production");
  expect(text).toContain("The checks failed. Rolled back to aaaaaaa.");
});
