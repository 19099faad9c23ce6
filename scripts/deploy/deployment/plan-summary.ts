// Summarizes a Terraform plan by address and action. Values are left out, since some are secrets. Pure.
import { z } from "zod";

const planJson = z.object({
  resource_changes: z
    .array(
      z.object({
        address: z.string(),
        type: z.string(),
        change: z.object({ actions: z.array(z.string()) }),
        action_reason: z.string().optional(),
      }),
    )
    .default([]),
  output_changes: z.record(z.string(), z.object({ actions: z.array(z.string()) })).default({}),
});

/** Types that hold data, or a name that Azure reserves for months after deletion. */
const dataTypes = [
  "azurerm_cosmosdb_account",
  "azurerm_cosmosdb_table",
  "azurerm_key_vault",
  "azurerm_storage_account",
  "azurerm_storage_container",
];

/**
 * Terraform's reason to replace what Azure failed to create, which therefore never held data. Without this exception a first
 * deployment could not be repeated. https://github.com/hashicorp/terraform/blob/v1.11.4/internal/command/jsonplan/plan.go
 */
const TAINTED = "replace_because_tainted";

export type PlanSummary = {
  readonly lines: readonly string[];
  /** Action and address of each data resource that would be deleted or replaced. */
  readonly losses: readonly string[];
};

const isLoss = (action: string) => action === "replace" || action === "delete";

/** @param json the output of `terraform show -json` for a plan */
export function summarizePlan(json: string): PlanSummary {
  const { resource_changes, output_changes } = planJson.parse(JSON.parse(json));
  const actionOf = (actions: readonly string[]) => (actions.length > 1 ? "replace" : (actions[0] ?? "no-op"));
  const changes = resource_changes
    .map(({ address, type, action_reason, change: { actions } }) => ({
      address,
      type,
      isTainted: action_reason === TAINTED,
      action: actionOf(actions),
    }))
    .filter(({ action }) => action !== "no-op" && action !== "read");
  const outputs = Object.entries(output_changes)
    .map(([name, { actions }]) => ({ address: `output.${name}`, action: actionOf(actions) }))
    .filter(({ action }) => action !== "no-op");
  const count = (action: string) => changes.filter((it) => it.action === action).length;
  return {
    lines: [
      ...[...changes, ...outputs].map(({ action, address }) => `  ${action.padEnd(7)} ${address}`),
      changes.length + outputs.length === 0
        ? "  No changes."
        : `  ${count("create")} to create, ${count("update")} to update, ${count("replace")} to replace, ${count("delete")} to delete.`,
    ],
    losses: changes
      .filter(({ action, type, isTainted }) => isLoss(action) && dataTypes.includes(type) && !isTainted)
      .map(({ action, address }) => `${action} ${address}`),
  };
}
