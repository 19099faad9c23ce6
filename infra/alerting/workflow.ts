// The definition of the workflow that turns an alert into one Slack message: its trigger and actions, as plain objects.
import {
  alertFacts,
  commonBudgetFacts,
  type Facts,
  isOfThisSubscription,
  kindOfPayload,
  oldBudgetFacts,
} from "./facts.ts";
import { connectorMessage, FACTS, webhookMessage } from "./slack-message.ts";
import { call, member, parameter, text, value, within } from "./workflow-language.ts";

export type Action = {
  readonly type: string;
  readonly runAfter: Readonly<Record<string, readonly string[]>>;
  readonly [member: string]: unknown;
};
export type Actions = Readonly<Record<string, Action>>;

/** What the workflow is told from outside: plain texts, none of them secret. */
export const parameterNames = ["subscriptionId", "stage", "runbooks", "logs", "costs", "secret", "channel"] as const;
export type WorkflowParameters = Readonly<Record<(typeof parameterNames)[number], string>>;

/** The secret of the vault with the address of the incoming webhook. */
export const SLACK_SECRET = "slack-webhook-url";

/** By this name its address is asked for. */
export const TRIGGER = "Alert";

/**
 * The schema is not enforced here: a refusal at the door would be seen by nobody, a failed run is told to the owners.
 * Concurrency is bounded, since Slack takes about one message a second; a caller beyond the queue is told to come back.
 */
export const trigger = {
  type: "Request",
  kind: "Http",
  inputs: {
    method: "POST",
    schema: { type: "object", properties: { schemaId: { type: "string" }, data: { type: "object" } } },
  },
  runtimeConfiguration: { concurrency: { runs: 5, maximumWaitingRuns: 50 } },
};

const after = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, ["Succeeded"]]));

const requires = (...names: readonly string[]) => ({
  type: "object",
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
});
const dataOf = (name: string, schema: object) => ({
  type: "object",
  required: ["data"],
  properties: { data: { type: "object", required: [name], properties: { [name]: schema } } },
});
const essentials = requires("alertRule", "severity", "monitorCondition", "firedDateTime", "alertId");
const budget = {
  type: "object",
  required: ["AlertData"],
  properties: { AlertData: requires("BudgetName", "SpentAmount", "NotificationThresholdAmount") },
};
const oldBudget = requires("SubscriptionId", "BudgetName", "SpendingAmount", "NotificationThresholdAmount");

const fail = (code: string, message: string) => ({
  type: "Terminate",
  inputs: { runStatus: "Failed", runError: { code, message } },
  runAfter: {},
});

/** A case of its own for each shape: what the message cannot do without is checked, then the facts are read. */
const payloadCase = (kind: string, schema: object, facts: Facts) => ({
  case: kind,
  actions: {
    [`Validate_${kind}`]: { type: "ParseJson", inputs: { content: value("triggerBody()"), schema }, runAfter: {} },
    [`Read_${kind}`]: {
      type: "SetVariable",
      inputs: { name: FACTS, value: facts },
      runAfter: after(`Validate_${kind}`),
    },
  },
});

const reading = {
  Facts: {
    type: "InitializeVariable",
    inputs: { variables: [{ name: FACTS, type: "object", value: {} }] },
    runAfter: {},
  },
  Is_ours: {
    type: "If",
    expression: { and: [{ equals: [isOfThisSubscription, true] }] },
    actions: {},
    else: { actions: { Not_ours: fail("NotOurs", "The payload is not of this subscription.") } },
    runAfter: after("Facts"),
  },
  Read_payload: {
    type: "Switch",
    expression: kindOfPayload,
    cases: {
      Alert: payloadCase("alert", dataOf("essentials", essentials), alertFacts),
      Budget: payloadCase("budget", dataOf("alertContext", budget), commonBudgetFacts),
      Old_budget: payloadCase(
        "old_budget",
        { type: "object", required: ["data"], properties: { data: oldBudget } },
        oldBudgetFacts,
      ),
    },
    default: { actions: { Unknown_payload: fail("UnknownPayload", "No known schema of an alert or a budget.") } },
    runAfter: after("Is_ours"),
  },
};

// Nothing that these two took or gave is kept in the history of runs.
const secured = { secureData: { properties: ["inputs", "outputs"] } };
/** 408, 429, 5xx and broken connections are tried again: after about 10, 20, 40 and 80 seconds. */
const retryPolicy = {
  type: "exponential",
  count: 4,
  interval: "PT10S",
  minimumInterval: "PT5S",
  maximumInterval: "PT10M",
};

/** Reads the webhook's address from the vault with the workflow's own identity, and posts. Nothing to click. */
export const webhookActions: Actions = {
  ...reading,
  Message: { type: "Compose", inputs: webhookMessage, runAfter: after("Read_payload") },
  Read_slack_address: {
    type: "Http",
    inputs: {
      method: "GET",
      uri: `${within(parameter("secret"))}?api-version=7.4`,
      authentication: { type: "ManagedServiceIdentity", audience: "https://vault.azure.net" },
      retryPolicy,
    },
    runtimeConfiguration: secured,
    runAfter: after("Message"),
  },
  Post_to_slack: {
    type: "Http",
    inputs: {
      method: "POST",
      uri: within(member(call("body", text("Read_slack_address")), "value")),
      headers: { "Content-Type": "application/json" },
      body: value(call("outputs", text("Message"))),
      retryPolicy,
    },
    runtimeConfiguration: secured,
    runAfter: after("Read_slack_address"),
  },
};

/** Posts through a connection that somebody consented to in the portal. Slack says no with 200 and `ok: false`. */
export const connectorActions: Actions = {
  ...reading,
  Message: { type: "Compose", inputs: connectorMessage, runAfter: after("Read_payload") },
  Post_to_slack: {
    type: "ApiConnection",
    inputs: {
      host: { connection: { name: "@parameters('$connections')['slack']['connectionId']" } },
      method: "post",
      path: "/v2/chat.postMessage",
      body: value(call("outputs", text("Message"))),
      retryPolicy,
    },
    runAfter: after("Message"),
  },
  Was_posted: {
    type: "If",
    expression: { not: { equals: [value(member(call("body", text("Post_to_slack")), "ok")), false] } },
    actions: {},
    else: { actions: { Not_posted: fail("NotPosted", "Slack did not take the message.") } },
    runAfter: after("Post_to_slack"),
  },
};
