// The recipients of alerts: the subscription's owners by e-mail, and Slack through the notifier.
import { MonitorActionGroup } from "@cdktf/provider-azurerm/lib/monitor-action-group/index.js";
import { Construct } from "constructs";

export interface ActionGroupsProps {
  readonly resourceGroupName: string;
  /** Prefix of the groups' names. */
  readonly prefix: string;
  /** Id of the role whose members receive e-mails. */
  readonly ownersRole: string;
  /** The workflow that posts to Slack. @default e-mails only */
  readonly notifier: { readonly workflowId: string; readonly callbackUrl: string } | undefined;
}

/** Names of the groups, by which another stack finds them. Without Slack both are the same group. */
export function actionGroupNames(prefix: string, hasSlack: boolean) {
  const owners = `${prefix}-owners`;
  return { owners, all: hasSlack ? `${prefix}-alerts` : owners } as const;
}

/** One group for all alerts, and one without Slack. */
export class ActionGroups extends Construct {
  /** Id of the group of owners and Slack. */
  readonly all: string;
  /** Id of the group of owners only, for the alert that reports a failure of Slack. */
  readonly owners: string;

  constructor(scope: Construct, id: string, { resourceGroupName, prefix, ownersRole, notifier }: ActionGroupsProps) {
    super(scope, id);
    const names = actionGroupNames(prefix, notifier !== undefined);
    const armRoleReceiver = [{ name: "owners", roleId: ownersRole, useCommonAlertSchema: true }];
    const owners = new MonitorActionGroup(this, "owners", {
      resourceGroupName,
      name: names.owners,
      shortName: "vitae-owners",
      armRoleReceiver,
    });
    this.owners = owners.id;
    if (!notifier) {
      this.all = owners.id;
      return;
    }
    const { workflowId: resourceId, callbackUrl } = notifier;
    const all = new MonitorActionGroup(this, "all", {
      resourceGroupName,
      name: names.all,
      shortName: "vitae-alerts",
      armRoleReceiver,
      logicAppReceiver: [{ name: "slack", resourceId, callbackUrl, useCommonAlertSchema: true }],
    });
    this.all = all.id;
  }
}
