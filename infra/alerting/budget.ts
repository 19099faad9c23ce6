// The monthly budget of a stage's resource group.
import { ConsumptionBudgetResourceGroup } from "@cdktf/provider-azurerm/lib/consumption-budget-resource-group/index.js";
import { Construct } from "constructs";

export interface BudgetProps {
  readonly name: string;
  /** Resource id of the group whose cost counts. */
  readonly resourceGroupId: string;
  /** Amount a month, in the currency of the subscription's bill. */
  readonly amount: number;
  /** Id of the action group that receives the notifications. */
  readonly groupId: string;
}

/**
 * The first day of the month of creation, since Azure accepts no earlier one. Terraform evaluates it, so that synthesis
 * reads no clock, and ignores later changes, which would replace the budget each month.
 */
const START = `\${formatdate("YYYY-MM-01'T'00:00:00'Z'", timestamp())}`;

/** Percent of the amount. Below 100, a normal month would notify. */
const notifications = [
  [100, "Actual"],
  [100, "Forecasted"],
] as const;

/** A budget that notifies when a month costs, or is forecast to cost, more than planned. */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { name, resourceGroupId, amount, groupId }: BudgetProps) {
    super(scope, id);
    new ConsumptionBudgetResourceGroup(this, "budget", {
      name,
      resourceGroupId,
      amount,
      timeGrain: "Monthly",
      timePeriod: { startDate: START },
      lifecycle: { ignoreChanges: ["time_period"] },
      notification: notifications.map(([threshold, thresholdType]) => ({
        threshold,
        thresholdType,
        operator: "GreaterThanOrEqualTo",
        contactGroups: [groupId],
      })),
    });
  }
}
