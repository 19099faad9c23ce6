// What a plan would lose: resources with data that it deletes or replaces.
import { expect, it } from "vitest";
import { summarizePlan } from "./plan-summary.ts";

const vault = { address: "azurerm_key_vault.it", type: "azurerm_key_vault" };
const lossesOf = (change: object) =>
  summarizePlan(JSON.stringify({ resource_changes: [{ ...vault, ...change }] })).losses;

it("summarizePlan names a vault that is deleted or replaced", () => {
  expect(lossesOf({ change: { actions: ["delete"] } })).toEqual(["delete azurerm_key_vault.it"]);
  const replaced = { change: { actions: ["delete", "create"] }, action_reason: "replace_because_cannot_update" };
  expect(lossesOf(replaced)).toEqual(["replace azurerm_key_vault.it"]);
});

it("summarizePlan permits the replacement of a vault that Azure failed to create, and no deletion", () => {
  expect(lossesOf({ change: { actions: ["delete", "create"] }, action_reason: "replace_because_tainted" })).toEqual([]);
  expect(lossesOf({ change: { actions: ["update"] } })).toEqual([]);
  expect(
    lossesOf({ change: { actions: ["delete"] }, action_reason: "delete_because_no_resource_config" }),
  ).toHaveLength(1);
});

it("summarizePlan lists changed outputs by name, as a plan can change nothing else", () => {
  const output_changes = { app_url: { actions: ["update"], after: "s3cr3t" }, host: { actions: ["no-op"] } };
  expect(summarizePlan(JSON.stringify({ output_changes })).lines).toEqual([
    "  update  output.app_url",
    "  0 to create, 0 to update, 0 to replace, 0 to delete.",
  ]);
  expect(summarizePlan("{}").lines).toEqual(["  No changes."]);
});
