// The commands of a laptop as processes, and the lines of a deployment on a terminal.
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../command.ts";
import { plainLine } from "./terminal.ts";

it.each([
  ["::group::seed", "\n== seed"],
  ["::endgroup::", undefined],
  ["::warning::The plan is not empty.", "warning: The plan is not empty."],
  ["  create  azurerm_x.y", "  create  azurerm_x.y"],
])("plainLine shows %j as %j", (line, expected) => {
  expect(plainLine(line)).toBe(expected);
});

it.each([
  [
    "run-deploy.ts",
    ["--stage", "prod", "--allow-loss", "--start-at", "7"],
    /^deploy: --stage must be .* received "prod"\.\n$/,
  ],
  ["run-destroy.ts", ["--dry-run"], /^destroy: Pass either --stage STAGE or --everything\.\n$/],
  ["run-destroy.ts", ["--stage", "production", "--everything"], /^destroy: Pass either/],
  ["run-destroy.ts", ["--stage", "prod", "--confirm", "prod"], /^destroy: --stage must be .* received "prod"\.\n$/],
])("%s rejects %j in one line", async (file, args, expected) => {
  // Without a PATH, so that any call of a program would be another error.
  const { code, stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, file), ...args], {
    env: { PATH: "" },
  });
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(expected);
});
