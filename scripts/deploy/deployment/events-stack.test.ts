// The stack of blob events: its handshake is repeated, and its failure is not the code's.
import { describe, expect, it } from "vitest";
import type { Run } from "../command.ts";
import { InterruptedError } from "../interrupted-by-signals.ts";
import { createDeployedStage, injectAt, NEW, OLD, outputOf, runDeployment, stepsOf } from "./deployment.fixture.ts";
import { createStage } from "./simulated-stage.fixture.ts";

/** As Terraform prints it: the text of Azure, broken at 78 characters. */
const HANDSHAKE = `Error: creating Event Subscription: polling after SystemTopicEventSubscriptionsCreateOrUpdate: polling failed: the Azure API returned the following error:\n\nStatus: "Url\nvalidation"\nMessage: "Webhook validation\nhandshake failed for https://vitae.azurewebsites.net/runtime/webhooks/blobs. Http POST request failed with response code Unknown."`;
const OLDER_HANDSHAKE = `Error: The attempt to validate\nthe provided endpoint https://vitae.azurewebsites.net/runtime/webhooks/blobs failed.`;
const OTHER = "Error: the Event Grid topic is in a failed state";

describe("the events stack", () => {
  it.each([[HANDSHAKE], [OLDER_HANDSHAKE]])("is planned and applied again while its handshake fails", async (text) => {
    const stage = createStage();
    stage.faults.eventsErrors = Array(5).fill(text);
    expect(await runDeployment(stage)).toBeUndefined();
    expect(stepsOf(stage).filter((step) => step === "events apply")).toHaveLength(6);
    // Each time with a new plan, in which Terraform replaces the failed subscription.
    expect(
      stage.state.lines.filter((line) => line.includes("replace azurerm_eventgrid_system_topic_event_subscription")),
    ).toHaveLength(5);
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeDefined();
  });

  it.each([
    ["its handshake fails for ten minutes", Array(100).fill(HANDSHAKE), 600],
    ["it fails with another error, which is not retried", [OTHER], 60],
  ])("keeps the new code when %s, fails the run and notifies Slack", async (_, errors, seconds) => {
    const stage = await createDeployedStage();
    stage.faults.eventsErrors = errors;
    const began = stage.state.now;
    const message = await runDeployment(stage);
    expect(message).toContain("The new code runs, and passed its checks except those of images.");
    expect(stage.state.deployed?.commit).toBe(NEW);
    expect(stepsOf(stage).filter((step) => step === "publish")).toHaveLength(1);
    expect((stage.state.now - began) / 1000).toBeLessThanOrEqual(seconds + 10);
    // Not a target of a rollback: its images were not checked.
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeUndefined();
    expect(stage.state.verifyTokens).toEqual([undefined]);
    const [slack] = stage.state.slack.map(({ data }) => data.essentials.description);
    expect(slack).toContain("Blob events were not connected");
    expect(outputOf(stage, message)).not.toContain("s3cr3t");
  });

  it("rolls back without further checks when a person interrupts it", async () => {
    const stage = await createDeployedStage();
    const { run } = stage.context;
    const signal = new InterruptedError("Interrupted by SIGINT.");
    const interrupted: Run = (command, args, options) =>
      args.join(" ").includes("/events apply") ? Promise.reject(signal) : run(command, args, options);
    Object.assign(stage.context, { run: interrupted });
    expect(await runDeployment(stage)).toMatch(/^Interrupted by SIGINT\.\nRolled back to a+, which passes/);
    expect(stepsOf(stage).slice(-2)).toEqual(["publish", "verify"]);
    expect(stage.state.deployed?.commit).toBe(OLD);
  });

  it("rolls back when the code fails its checks as well", async () => {
    const stage = await createDeployedStage();
    stage.faults.eventsErrors = [OTHER];
    expect(await runDeployment(stage, { healthy: false })).toContain(`Rolled back to ${OLD}, which passes`);
    expect(stage.state.verifyTokens).toEqual([undefined, undefined]);
    expect(stage.state.slack).toHaveLength(1);
  });

  it("is not rolled back when its Terraform hangs", async () => {
    const stage = await createDeployedStage();
    stage.faults.hangingCommand = "stacks/events apply";
    expect(await runDeployment(stage)).toContain("(Ended, as it had not finished");
    expect(stage.state.deployed?.commit).toBe(NEW);
  });
});

describe("the second plan", () => {
  it("warns with the changed addresses, and the deployment succeeds", async () => {
    const stage = await createDeployedStage();
    stage.faults.driftingTypes = ["azapi_resource"];
    expect(await runDeployment(stage)).toBeUndefined();
    expect(stage.state.lines).toContain(
      "::warning::A second plan of platform is not empty: update  azapi_resource.it, 0 to create, 1 to update, 0 to replace, 0 to delete.",
    );
    expect(stage.state.releases.get(`${NEW}.zip`)?.good).toBeDefined();
    expect(stage.state.slack).toEqual([]);
  });

  it.each([[{ failingCommands: ["terraform"] }], [{ hangingCommand: "-detailed-exitcode" }]])(
    "never fails the deployment: %j",
    async (faults) => {
      const stage = await createDeployedStage();
      injectAt(stage, "-detailed-exitcode", faults);
      expect(await runDeployment(stage)).toBeUndefined();
      expect(stage.state.lines.join("\n")).toContain("::warning::The second plan of platform failed: terraform");
      expect(outputOf(stage)).not.toContain("s3cr3t");
    },
  );

  it("is silent when nothing changed", async () => {
    const stage = await createDeployedStage();
    await runDeployment(stage);
    expect(stage.state.lines.filter((line) => line.startsWith("::warning::"))).toEqual([]);
  });
});
