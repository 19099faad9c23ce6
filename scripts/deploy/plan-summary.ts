// What a plan would do, by addresses and actions: no value of a plan is shown, since some let their reader in. Pure.
import { z } from "zod";

const planJson = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), type: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
});

/** Types whose loss is the loss of data, or of a name that Azure holds back for months. */
const holdData = [
  "azurerm_cosmosdb_account",
  "azurerm_cosmosdb_table",
  "azurerm_key_vault",
  "azurerm_storage_account",
  "azurerm_storage_container",
];

export type PlanSummary = {
  readonly lines: readonly string[];
  /** Addresses of what holds data and would be deleted or replaced. */
  readonly losses: readonly string[];
};

/** @param json what `terraform show -json` prints of a plan */
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
        ? "  Nothing would change."
        : `  ${count("create")} to create, ${count("update")} to update, ${count("replace")} to replace, ${count("delete")} to delete.`,
    ],
    losses: changes
      .filter(({ action, type }) => (action === "replace" || action === "delete") && holdData.includes(type))
      .map(({ action, address }) => `${action} ${address}`),
  };
}
