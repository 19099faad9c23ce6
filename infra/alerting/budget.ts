// The budget of a stage's resource group: who is told when a month costs, or will cost, more than planned.
import { ConsumptionBudgetResourceGroup } from "@cdktf/provider-azurerm/lib/consumption-budget-resource-group/index.js";
import { Construct } from "constructs";

export interface BudgetProps {
  readonly name: string;
  readonly resourceGroupId: string;
  /** For a month, in the currency of the subscription's bill. */
  readonly amount: number;
  /** The action group to tell, by id. */
  readonly group: string;
}

/**
 * The first of the month in which it is made: Azure takes no earlier one. Terraform's clock, so that synthesis has
 * none; and not looked at again, or every month would make a new budget.
 */
const START = `\${formatdate("YYYY-MM-01'T'00:00:00'Z'", timestamp())}`;

const notifications = [
  [50, "Actual"],
  [80, "Actual"],
  [100, "Actual"],
  [100, "Forecasted"],
] as const;

export class Budget extends Construct {
  constructor(scope: Construct, id: string, { name, resourceGroupId, amount, group }: BudgetProps) {
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
        contactGroups: [group],
      })),
    });
  }
}
