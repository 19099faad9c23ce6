// The lines of a deployment on a terminal.
import { expect, it } from "vitest";
import { plainLine } from "./terminal.ts";

it.each([
  ["::group::seed", "\n== seed"],
  ["::endgroup::", undefined],
  ["::warning::The plan is not empty.", "warning: The plan is not empty."],
  ["  create  azurerm_x.y", "  create  azurerm_x.y"],
])("plainLine shows %j as %j", (line, expected) => {
  expect(plainLine(line)).toBe(expected);
});
