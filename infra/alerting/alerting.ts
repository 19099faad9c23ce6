// Everything that reports problems to people: notifier, action groups, alerts and budget.
// The availability test is in the stack of the events.
import { Construct } from "constructs";
import type { Names, ResourceLocation } from "../naming.ts";
import { ActionGroups } from "./action-groups.ts";
import { Alerts } from "./alerts.ts";
import { billOf, budgetOf, type Extras } from "./bill.ts";
import { Budget } from "./budget.ts";
import type { AlertConfig } from "./config.ts";
import { Notifier } from "./notifier.ts";

export interface AlertingProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  /** The workflow's name is also the prefix of the alerts' names. */
  readonly names: Pick<Names, "workflow">;
  readonly subscriptionId: string;
  readonly config: AlertConfig;
  /** Resource id of the resource group, whose cost the budget limits. */
  readonly groupId: string;
  /** Resource id of the workspace of Application Insights. */
  readonly workspaceId: string;
  /** Resource id of the storage account of the images. */
  readonly mediaAccountId: string;
  /** Resource id of the storage account of the website. */
  readonly siteAccountId: string;
  /** The function app. */
  readonly app: { readonly id: string };
  /** What raises the bill, and with it the default of the budget. */
  readonly extras: Extras;
  /** The vault that holds the URL of Slack's webhook. */
  readonly vault: { readonly id: string; readonly uri: string };
}

/** The alerting of one stage. */
export class Alerting extends Construct {
  constructor(scope: Construct, id: string, props: AlertingProps) {
    super(scope, id);
    const {
      location,
      names,
      subscriptionId,
      config,
      groupId,
      workspaceId,
      mediaAccountId,
      siteAccountId,
      app,
      extras,
      vault,
    } = props;
    const { slack, runbooks, ownersRole } = config;
    const { connection, channel } = slack;
    const prefix = names.workflow;
    const notifier =
      connection === "none"
        ? undefined
        : new Notifier(this, "notifier", {
            location,
            groupId,
            name: prefix,
            subscriptionId,
            connection,
            channel,
            vault,
            runbooks,
          });
    const { resourceGroupName } = location;
    const groups = new ActionGroups(this, "groups", { resourceGroupName, prefix, ownersRole, notifier });
    const targets = { workspaceId, appId: app.id, mediaAccountId, siteAccountId, workflowId: notifier?.workflowId };
    new Alerts(this, "alerts", { location, prefix, config, groups, ...targets });
    if (config.budget.enabled)
      new Budget(this, "budget", {
        name: `${prefix}-budget`,
        resourceGroupId: groupId,
        amount: config.budget.amount ?? budgetOf(billOf(config, extras)),
        groupId: groups.all,
      });
  }
}
