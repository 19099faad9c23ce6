// The notifier: a Logic Apps workflow that receives an alert at its signed URL and posts one message to Slack.
import { ApiConnection } from "@cdktf/provider-azurerm/lib/api-connection/index.js";
import { DataAzurermManagedApi } from "@cdktf/provider-azurerm/lib/data-azurerm-managed-api/index.js";
import { UserAssignedIdentity } from "@cdktf/provider-azurerm/lib/user-assigned-identity/index.js";
import { Construct } from "constructs";
import { AzapiAction, AzapiResource } from "../azapi.ts";
import type { ResourceLocation } from "../naming.ts";
import { assignRole } from "../role-assignment.ts";
import { CONNECTIONS, connectorActions, TRIGGER, webhookActions, workflowDefinition } from "./workflow.ts";

const API_VERSION = "2019-05-01";
/** The secret of the vault with the URL of Slack's incoming webhook. */
const SLACK_SECRET = "slack-webhook-url";

export interface NotifierProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  /** Resource id of the resource group. */
  readonly groupId: string;
  /** Name of the workflow, and prefix of the names of what it needs. */
  readonly name: string;
  readonly subscriptionId: string;
  /** `webhook` needs a secret in the vault, `managed-connector` a consent in the portal. */
  readonly connection: "webhook" | "managed-connector";
  /** Channel that the managed connector posts to, by id or name. A webhook has its own. */
  readonly channel: string;
  /** The vault that holds the URL of the incoming webhook. */
  readonly vault: { readonly id: string; readonly uri: string };
  /** URL of docs/runbooks.md, for alerts whose description names no runbook. */
  readonly runbooks: string;
}

/** Posts alerts to Slack. */
export class Notifier extends Construct {
  /** Resource id of the workflow. */
  readonly workflowId: string;
  /** Signed URL of the trigger. Sensitive: only the action group may receive it. */
  readonly callbackUrl: string;

  constructor(scope: Construct, id: string, props: NotifierProps) {
    super(scope, id);
    const { location, groupId, name, runbooks } = props;
    const { actions, ...rest } = props.connection === "webhook" ? this.#webhook(props) : this.#connector(props);
    const { parameters = {}, ...meta } = rest;
    const workflow = new AzapiResource(this, "workflow", {
      type: `Microsoft.Logic/workflows@${API_VERSION}`,
      name,
      parentId: groupId,
      location: location.location,
      ...meta,
      body: { properties: { state: "Enabled", definition: workflowDefinition(actions, runbooks), parameters } },
    });
    this.workflowId = workflow.id;
    const callback = new AzapiAction(this, "callback", {
      type: `Microsoft.Logic/workflows/triggers@${API_VERSION}`,
      resourceId: `${workflow.id}/triggers/${TRIGGER}`,
      action: "listCallbackUrl",
      sensitiveExports: ["value"],
    });
    this.callbackUrl = callback.sensitiveOutput("value");
  }

  /** The identity and its role exist before the workflow, so that the first run can read the secret. */
  #webhook({ location, name, vault, subscriptionId }: NotifierProps) {
    const identity = new UserAssignedIdentity(this, "identity", { ...location, name: `${name}-notifier` });
    const role = assignRole(this, "reads-slack-url", {
      role: "Key Vault Secrets User",
      scopeId: `${vault.id}/secrets/${SLACK_SECRET}`,
      principalId: identity.principalId,
      subscriptionId,
    });
    const secretUrl = `${vault.uri}secrets/${SLACK_SECRET}`;
    return {
      actions: webhookActions({ secretUrl, identityId: identity.id }),
      identityIds: [identity.id],
      dependsOn: [role],
      parameters: undefined,
    };
  }

  /** Every run fails until a person consents to the connection in the portal. */
  #connector({ location, name, channel }: NotifierProps) {
    const api = new DataAzurermManagedApi(this, "slack-api", { name: "slack", location: location.location });
    const connection = new ApiConnection(this, "slack-connection", {
      name: `${name}-slack`,
      resourceGroupName: location.resourceGroupName,
      managedApiId: api.id,
      displayName: "Slack",
      // The consent writes values here, which Terraform must keep.
      lifecycle: { ignoreChanges: ["parameter_values"] },
    });
    const slack = { connectionId: connection.id, connectionName: connection.name, id: api.id };
    return { actions: connectorActions(channel), parameters: { [CONNECTIONS]: { value: { slack } } } };
  }
}
