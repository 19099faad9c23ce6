// Who is told: the subscription's owners by e-mail, and Slack through the notifier.
import { MonitorActionGroup } from "@cdktf/provider-azurerm/lib/monitor-action-group/index.js";
import { Construct } from "constructs";

export interface ActionGroupsProps {
  readonly resourceGroupName: string;
  readonly prefix: string;
  /** The role whose holders get mails. */
  readonly ownersRole: string;
  /** @default mails only */
  readonly notifier: { readonly workflowId: string; readonly callbackUrl: string } | undefined;
}

export class ActionGroups extends Construct {
  /** Owners and Slack: for every alert but one. */
  readonly all: string;
  /** Owners alone: for the alert that Slack cannot be told. */
  readonly owners: string;

  constructor(scope: Construct, id: string, { resourceGroupName, prefix, ownersRole, notifier }: ActionGroupsProps) {
    super(scope, id);
    const armRoleReceiver = [{ name: "owners", roleId: ownersRole, useCommonAlertSchema: true }];
    const owners = new MonitorActionGroup(this, "owners", {
      resourceGroupName,
      name: `${prefix}-owners`,
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
      name: `${prefix}-alerts`,
      shortName: "vitae-alerts",
      armRoleReceiver,
      logicAppReceiver: [{ name: "slack", resourceId, callbackUrl, useCommonAlertSchema: true }],
    });
    this.all = all.id;
  }
}
