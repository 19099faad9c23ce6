// Everything that tells people: notifier, action groups, alerts, the check from outside, and the budget.
import { Construct } from "constructs";
import type { Names } from "../naming.ts";
import type { Place } from "../place.ts";
import { ActionGroups } from "./action-groups.ts";
import { Alerts } from "./alerts.ts";
import { Availability } from "./availability.ts";
import { Budget } from "./budget.ts";
import type { AlertConfig } from "./config.ts";
import { Notifier } from "./notifier.ts";

export interface AlertingProps {
  readonly place: Place;
  readonly names: Pick<Names, "workflow">;
  readonly stage: string;
  readonly subscriptionId: string;
  readonly config: AlertConfig;
  readonly groupId: string;
  readonly insightsId: string;
  readonly mediaAccountId: string;
  readonly app: { readonly id: string; readonly hostName: string };
  readonly vault: { readonly id: string; readonly uri: string };
}

const PORTAL = "https://portal.azure.com/#resource";

export class Alerting extends Construct {
  constructor(scope: Construct, id: string, props: AlertingProps) {
    super(scope, id);
    const { place, names, stage, subscriptionId, config, groupId, insightsId, mediaAccountId, app, vault } = props;
    const { slack, runbooks, ownersRole } = config;
    const prefix = names.workflow;
    const notifier =
      slack.connection === "none"
        ? undefined
        : new Notifier(this, "notifier", {
            place,
            name: prefix,
            subscriptionId,
            stage,
            connection: slack.connection,
            channel: slack.channel,
            vault,
            runbooks,
            logs: `${PORTAL}${insightsId}/logs`,
            costs: `${PORTAL}${groupId}/costanalysis`,
          });
    const { resourceGroupName } = place;
    const groups = new ActionGroups(this, "groups", { resourceGroupName, prefix, ownersRole, notifier });
    const workflowId = notifier?.workflowId;
    const watched = { insightsId, appId: app.id, mediaAccountId, workflowId };
    new Alerts(this, "alerts", { place, prefix, config, groups, ...watched });
    if (config.availability.enabled) {
      const { hostName } = app;
      new Availability(this, "availability", { place, prefix, config, insightsId, hostName, group: groups.all });
    }
    new Budget(this, "budget", {
      name: `${prefix}-budget`,
      resourceGroupId: groupId,
      amount: config.budget.amount,
      group: groups.all,
    });
  }
}
