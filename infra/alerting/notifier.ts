// The notifier: a workflow that takes an alert by its signed address and posts one message to Slack.
import { ApiConnection } from "@cdktf/provider-azurerm/lib/api-connection/index.js";
import { DataAzurermManagedApi } from "@cdktf/provider-azurerm/lib/data-azurerm-managed-api/index.js";
import { LogicAppActionCustom } from "@cdktf/provider-azurerm/lib/logic-app-action-custom/index.js";
import { LogicAppTriggerCustom } from "@cdktf/provider-azurerm/lib/logic-app-trigger-custom/index.js";
import { LogicAppWorkflow } from "@cdktf/provider-azurerm/lib/logic-app-workflow/index.js";
import { Fn } from "cdktf/lib/terraform-functions.js";
import { Construct } from "constructs";
import type { Place } from "../place.ts";
import { grant } from "../roles.ts";
import {
  type Actions,
  connectorActions,
  parameterNames,
  SLACK_SECRET,
  TRIGGER,
  trigger,
  type WorkflowParameters,
  webhookActions,
} from "./workflow.ts";

export interface NotifierProps {
  readonly place: Place;
  readonly name: string;
  readonly subscriptionId: string;
  readonly stage: string;
  readonly connection: "webhook" | "managed-connector";
  /** Where the managed connector posts. */
  readonly channel: string;
  /** Where the address of the incoming webhook is kept. */
  readonly vault: { readonly id: string; readonly uri: string };
  /** docs/runbooks.md as a reader finds it. */
  readonly runbooks: string;
  /** The portal's page of logs, for alerts that have none of their own. */
  readonly logs: string;
  /** The portal's page of costs. */
  readonly costs: string;
}

const CONNECTIONS = "$connections";

/** Without what Terraform would take for an expression of its own. `@{` is the workflow's and none of its business. */
const literal = (definition: object) => JSON.stringify(definition).replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);

export class Notifier extends Construct {
  readonly workflowId: string;
  /** What Azure gives to whom it lets send alerts. Sensitive: it goes into the action group and nowhere else. */
  readonly callbackUrl: string;

  constructor(scope: Construct, id: string, props: NotifierProps) {
    super(scope, id);
    const { place, name, connection } = props;
    const isConnector = connection === "managed-connector";
    const connector = isConnector ? this.#connector(props) : undefined;
    const { subscriptionId, stage, runbooks, logs, costs, channel, vault } = props;
    const secret = `${vault.uri}secrets/${SLACK_SECRET}`;
    const parameters: WorkflowParameters = { subscriptionId, stage, runbooks, logs, costs, channel, secret };

    const workflow = new LogicAppWorkflow(this, "workflow", {
      ...place,
      name,
      identity: { type: "SystemAssigned" },
      workflowParameters: {
        ...Object.fromEntries(parameterNames.map((each) => [each, JSON.stringify({ type: "String" })])),
        ...(connector && { [CONNECTIONS]: JSON.stringify({ type: "Object", defaultValue: {} }) }),
      },
      parameters: { ...parameters, ...(connector && { [CONNECTIONS]: JSON.stringify({ slack: connector }) }) },
    });
    this.workflowId = workflow.id;
    const entry = new LogicAppTriggerCustom(this, "trigger", {
      name: TRIGGER,
      logicAppId: workflow.id,
      body: literal(trigger),
    });
    this.callbackUrl = Fn.sensitive(entry.callbackUrl);
    this.#addActions(workflow.id, isConnector ? connectorActions : webhookActions);
    if (!isConnector) {
      grant(this, "reads-slack-address", {
        role: "Key Vault Secrets User",
        on: `${vault.id}/secrets/${SLACK_SECRET}`,
        to: workflow.identity.principalId,
        subscriptionId,
      });
    }
  }

  /** Azure refuses an action that runs after one which is not there yet. */
  #addActions(workflowId: string, actions: Actions): void {
    const made = new Map<string, LogicAppActionCustom>();
    for (const [name, action] of Object.entries(actions)) {
      const earlier = Object.keys(action.runAfter).map((each) => made.get(each));
      const resource = new LogicAppActionCustom(this, name, {
        name,
        logicAppId: workflowId,
        body: literal(action),
        dependsOn: earlier.filter((each) => each !== undefined),
      });
      made.set(name, resource);
    }
  }

  /** Made here, consented to by a person in the portal: until then every run fails. */
  #connector({ place, name }: NotifierProps) {
    const api = new DataAzurermManagedApi(this, "slack-api", { name: "slack", location: place.location });
    const connection = new ApiConnection(this, "slack-connection", {
      // The consent leaves values here which are not ours to set back.
      lifecycle: { ignoreChanges: ["parameter_values"] },
      name: `${name}-slack`,
      resourceGroupName: place.resourceGroupName,
      managedApiId: api.id,
      displayName: "Slack",
    });
    return { connectionId: connection.id, connectionName: connection.name, id: api.id };
  }
}
