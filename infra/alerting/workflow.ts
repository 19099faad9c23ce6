// The definition of the workflow that turns an alert into one Slack message.
import { message } from "./slack-message.ts";

/** The trigger whose signed URL accepts alerts. */
export const TRIGGER = "Alert";
/** The parameter through which a workflow finds its API connections. */
export const CONNECTIONS = "$connections";

/** Retries 408, 429, 5xx and broken connections after about 10, 20, 40 and 80 seconds. */
const retryPolicy = {
  type: "exponential",
  count: 4,
  interval: "PT10S",
  minimumInterval: "PT5S",
  maximumInterval: "PT10M",
};
/** Keeps the webhook's URL out of the run history. */
const secured = { secureData: { properties: ["inputs", "outputs"] } };

export interface WebhookProps {
  /** URL of the secret that holds the incoming webhook's URL. */
  readonly secretUrl: string;
  /** Resource id of the user-assigned identity that may read the secret. */
  readonly identityId: string;
}

/** Reads the webhook's URL with the identity and posts to it. Slack rejects with a status of 400 or above. */
export const webhookActions = ({ secretUrl, identityId }: WebhookProps) => ({
  Read_slack_url: {
    type: "Http",
    inputs: {
      method: "GET",
      uri: `${secretUrl}?api-version=7.4`,
      authentication: {
        type: "ManagedServiceIdentity",
        identity: identityId,
        audience: "https://vault.azure.net",
      },
      retryPolicy,
    },
    runAfter: {},
    runtimeConfiguration: secured,
  },
  Post_to_slack: {
    type: "Http",
    inputs: {
      method: "POST",
      uri: "@body('Read_slack_url')['value']",
      headers: { "Content-Type": "application/json" },
      body: { text: message, unfurl_links: false },
      retryPolicy,
    },
    runAfter: { Read_slack_url: ["Succeeded"] },
    runtimeConfiguration: secured,
  },
});

/** Posts through the API connection. Its API rejects with status 200 and `ok: false`. */
export const connectorActions = (channel: string) => ({
  Post_to_slack: {
    type: "ApiConnection",
    inputs: {
      host: { connection: { name: `@parameters('${CONNECTIONS}')['slack']['connectionId']` } },
      method: "post",
      path: "/v2/chat.postMessage",
      body: { channel, text: message, parse: "none", link_names: false, unfurl_links: false },
      retryPolicy,
    },
    runAfter: {},
  },
  Check_response: {
    type: "If",
    expression: { equals: ["@body('Post_to_slack')?['ok']", false] },
    actions: {
      Fail: {
        type: "Terminate",
        inputs: { runStatus: "Failed", runError: { code: "NotPosted", message: "Slack rejected the message." } },
        runAfter: {},
      },
    },
    runAfter: { Post_to_slack: ["Succeeded"] },
  },
});

/** The whole definition. The trigger rejects nothing: a failed run alerts the owners, a rejected request does not. */
export const workflowDefinition = (actions: object, runbooks: string) => ({
  $schema: "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
  contentVersion: "1.0.0.0",
  parameters: {
    runbooks: { type: "String", defaultValue: runbooks },
    [CONNECTIONS]: { type: "Object", defaultValue: {} },
  },
  triggers: {
    [TRIGGER]: {
      type: "Request",
      kind: "Http",
      inputs: { method: "POST", schema: {} },
      // Slack accepts about one message a second. Azure retries a request that does not fit into the queue.
      runtimeConfiguration: { concurrency: { runs: 5, maximumWaitingRuns: 50 } },
    },
  },
  actions,
});
