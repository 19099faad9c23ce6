import { expect, test } from "vitest";
import { type AlertOverrides, alertConfig, defaultAlerts } from "./config.ts";

const pathsOf = (value: unknown) => alertConfig.safeParse(value).error?.issues.map(({ path }) => path.join(".")) ?? [];

test("a stage that changes one threshold keeps everything else", () => {
  const changed = alertConfig.parse({ rules: { slowAnswers: { threshold: 800 } } } satisfies AlertOverrides);
  expect(changed.rules.slowAnswers).toEqual({ ...defaultAlerts.rules.slowAnswers, threshold: 800 });
  expect(changed.rules.serverErrors).toEqual(defaultAlerts.rules.serverErrors);
  expect(changed.budget).toEqual({ amount: 10 });
});

test.each([
  ["rules.slowAnswers.threshold", { rules: { slowAnswers: { threshold: -1 } } }],
  ["rules.slowAnswers.window", { rules: { slowAnswers: { window: "PT2H" } } }],
  ["rules.securityEvent.severity", { rules: { securityEvent: { severity: 5 } } }],
  ["rules.executions.window", { rules: { executions: { window: "PT15M" } } }],
  ["slack.connection", { slack: { connection: "teams" } }],
  ["availability.places", { availability: { places: [] } }],
  ["rules.readyCheck.threshold", { availability: { places: ["emea-nl-ams-azr"] } }],
  ["rules.readyCheck.threshold", { rules: { readyCheck: { threshold: 0.5 } } }],
  ["budget.amount", { budget: { amount: 0 } }],
  ["ownersRole", { ownersRole: "Owner" }],
])("a wrong %s is named", (path, value) => {
  expect(pathsOf(value)).toEqual([path]);
});

test("a setting that does not exist is refused, so that a misspelt one is noticed", () => {
  expect(alertConfig.safeParse({ rules: { slowAnswer: {} } }).error?.message).toContain("slowAnswer");
});
