import { describe, expect, test } from "vitest";
import { notify } from "./notifier.simulation.ts";
import { commonBudget, metricAlert, oldBudget } from "./payloads.fixture.ts";

const OTHER = "99999999-9999-9999-9999-999999999999";

describe("the notifier posts nothing, and its run fails, for", () => {
  test.each([
    ["NotOurs", "an alert of another subscription", metricAlert({ alertId: `/subscriptions/${OTHER}/providers/x` })],
    ["NotOurs", "an alert without an id", metricAlert({ alertId: null })],
    ["NotOurs", "a budget of another", { ...oldBudget, data: { ...oldBudget.data, SubscriptionId: OTHER } }],
    [
      "NotOurs",
      "a budget of another in the common schema",
      {
        ...commonBudget,
        data: { ...commonBudget.data, essentials: { monitoringService: "CostAlerts", alertId: "/x" } },
      },
    ],
    ["UnknownPayload", "another schema", { ...metricAlert(), schemaId: "Microsoft.Insights/activityLogs" }],
    ["ActionFailed", "an alert without a severity", metricAlert({ severity: undefined })],
    ["ActionFailed", "an alert whose rule is no text", metricAlert({ alertRule: 7 })],
    [
      "ActionFailed",
      "a budget that spent nothing",
      { ...oldBudget, data: { ...oldBudget.data, SpendingAmount: null } },
    ],
    ["NotOurs", "an empty object", {}],
  ])("%s: %s", async (code, _, payload) => {
    const { run, posts, asked } = await notify(payload);
    expect(run).toMatchObject({ status: "Failed", code });
    expect([...posts, ...asked]).toEqual([]);
  });

  test("a body that is no object", async () => {
    const { run, posts } = await notify("hello");
    expect([run.status, posts]).toEqual(["Failed", []]);
  });
});

describe("the secret address of the webhook", () => {
  test("is read with the workflow's identity, and is nowhere in the history of the run", async () => {
    const { run, posts, asked } = await notify(metricAlert());
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /secrets/slack-webhook-url?api-version=7.4",
    ]);
    expect(posts.map(({ method, url }) => `${method} ${url}`)).toEqual(["POST /services/T0/B0/secret-of-the-webhook"]);
    expect(posts[0]?.headers).toMatchObject({ "content-type": "application/json" });
    expect(posts[0]?.headers).not.toHaveProperty("authorization");
    expect(JSON.stringify(run.history)).not.toContain("secret-of-the-webhook");
    expect(run.history.map(({ name }) => name)).toContain("Post_to_slack");
  });

  test("cannot be read with another identity: nothing is posted and the run fails", async () => {
    const { run, posts } = await notify(metricAlert(), { token: "another" });
    expect(run).toMatchObject({ status: "Failed", code: "ActionFailed" });
    expect(posts).toEqual([]);
  });
});

describe("when Slack does not take a message", () => {
  const busy = { status: 429, body: "" };

  test("it is tried again while that may help", async () => {
    const { run, posts } = await notify(metricAlert(), {
      slack: [busy, { status: 503, body: "" }, { status: 200, body: "ok" }],
    });
    expect([run.status, posts.length]).toEqual(["Succeeded", 3]);
    expect(new Set(posts.map(({ body }) => body)).size).toBe(1);
  });

  test("the run fails after the fifth attempt", async () => {
    const { run, posts } = await notify(metricAlert(), { slack: [busy] });
    expect([run.status, run.code, posts.length]).toEqual(["Failed", "ActionFailed", 5]);
  });

  test("a refusal is not repeated, and the run fails", async () => {
    const { run, posts } = await notify(metricAlert(), { slack: [{ status: 400, body: "invalid_blocks" }] });
    expect([run.status, run.code, posts.length]).toEqual(["Failed", "ActionFailed", 1]);
  });

  test("the connector's polite refusal, with status 200, fails the run too", async () => {
    const refusal = { status: 200, body: '{"ok":false,"error":"channel_not_found"}', type: "application/json" };
    const { run, posts } = await notify(metricAlert(), { connection: "managed-connector", slack: [refusal] });
    expect([run.status, run.code, posts.length]).toEqual(["Failed", "NotPosted", 1]);
  });
});
