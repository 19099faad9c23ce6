// Summarizes a Terraform plan by address and action. Values are left out, since some are secrets. Pure.
import { z } from "zod";

const planJson = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), type: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
});

/** Types that hold data, or a name that Azure reserves for months after deletion. */
const dataTypes = [
  "azurerm_cosmosdb_account",
  "azurerm_cosmosdb_table",
  "azurerm_key_vault",
  "azurerm_storage_account",
  "azurerm_storage_container",
];

export type PlanSummary = {
  readonly lines: readonly string[];
  /** Action and address of each data resource that would be deleted or replaced. */
  readonly losses: readonly string[];
};

/** @param json the output of `terraform show -json` for a plan */
export function summarizePlan(json: string): PlanSummary {
  const changes = planJson
    .parse(JSON.parse(json))
    .resource_changes.map(({ address, type, change: { actions } }) => ({
      address,
      type,
      action: actions.length > 1 ? "replace" : (actions[0] ?? "no-op"),
    }))
    .filter(({ action }) => action !== "no-op" && action !== "read");
  const count = (action: string) => changes.filter((it) => it.action === action).length;
  return {
    lines: [
      ...changes.map(({ action, address }) => `  ${action.padEnd(7)} ${address}`),
      changes.length === 0
        ? "  No changes."
        : `  ${count("create")} to create, ${count("update")} to update, ${count("replace")} to replace, ${count("delete")} to delete.`,
    ],
    losses: changes
      .filter(({ action, type }) => (action === "replace" || action === "delete") && dataTypes.includes(type))
      .map(({ action, address }) => `${action} ${address}`),
  };
}
