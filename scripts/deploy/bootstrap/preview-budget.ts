// The one budget of all previews, which share a resource group. Production's budget is in its stack.
import { type AzContext, create } from "./idempotent-az.ts";
import { type Deployer, deployers } from "./plan.ts";

/** The API version that has a budget's forecast notifications. */
const BUDGET_API = "2023-11-01";
/** A month, in the currency of the subscription's bill. */
const PREVIEW_BUDGET = 10;

const budgetsUrl = (groupId: string, name = "") =>
  `https://management.azure.com${groupId}/providers/Microsoft.Consumption/budgets${name && `/${name}`}?api-version=${BUDGET_API}`;

/**
 * The budget of the previews, which share a group. Azure accepts no start before the current month, and no later change
 * of it. `contactEmails` is required, and may be empty when a role is notified.
 * https://learn.microsoft.com/rest/api/consumption/budgets/create-or-update
 * @param now in milliseconds
 */
function previewBudget(now: number) {
  const [year, month] = new Date(now).toISOString().split("-");
  const notification = (thresholdType: "Actual" | "Forecasted") => ({
    ...{ enabled: true, operator: "GreaterThanOrEqualTo", threshold: 100, thresholdType },
    ...{ contactEmails: [], contactRoles: ["Owner"] },
  });
  return {
    properties: {
      category: "Cost",
      amount: PREVIEW_BUDGET,
      timeGrain: "Monthly",
      timePeriod: { startDate: `${year}-${month}-01T00:00:00Z` },
      notifications: { actual: notification("Actual"), forecast: notification("Forecasted") },
    },
  };
}

/** A budget that cannot be created stops nothing: a new subscription has none for up to two days, some offers never. */
export async function createPreviewBudget(context: AzContext, subscriptionId: string): Promise<void> {
  const { az, clock, log, dryRun } = context;
  const preview = deployers.find(({ purges }) => purges) as Deployer;
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${preview.group}`;
  const name = `budget of ${preview.group}`;
  try {
    const read = az("rest", "--method", "get", "--url", budgetsUrl(groupId)) as Promise<{ value: { name: string }[] }>;
    // In a dry run the group may not exist.
    const { value } = await (dryRun ? read.catch(() => ({ value: [] })) : read);
    await create(
      context,
      { name, exists: value.some((budget) => budget.name === preview.group) },
      ...["rest", "--method", "put", "--url", budgetsUrl(groupId, preview.group)],
      ...["--body", JSON.stringify(previewBudget(clock.now()))],
    );
  } catch (error) {
    log(`${name}: not created; run bootstrap again in two days. ${(error as Error).message}`);
  }
}
