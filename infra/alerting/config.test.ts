import { expect, it } from "vitest";
import { type AlertOverrides, alertConfig } from "./config.ts";

const pathsOf = (value: unknown) => alertConfig.safeParse(value).error?.issues.map(({ path }) => path.join(".")) ?? [];

it("keeps all other defaults when a stage changes one threshold", () => {
  const changed = alertConfig.parse({ rules: { slowResponses: { threshold: 800 } } } satisfies AlertOverrides);
  const defaults = alertConfig.parse({});
  const { rules } = defaults;
  expect(changed).toEqual({
    ...defaults,
    rules: { ...rules, slowResponses: { ...rules.slowResponses, threshold: 800 } },
  });
});

it.each([
  ["rules.slowResponses.threshold", { rules: { slowResponses: { threshold: -1 } } }],
  ["rules.slowResponses.window", { rules: { slowResponses: { window: "PT2H" } } }],
  ["rules.serverErrors.severity", { rules: { serverErrors: { severity: 5 } } }],
  ["rules.executions.window", { rules: { executions: { window: "PT15M" } } }],
  ["slack.connection", { slack: { connection: "teams" } }],
  ["availability.locations", { availability: { locations: [] } }],
  ["rules.readyCheck.threshold", { profile: "full", availability: { locations: ["emea-nl-ams-azr"] } }],
  ["rules.readyCheck.threshold", { availability: { enabled: true }, rules: { readyCheck: { threshold: 0.5 } } }],
  ["profile", { profile: "medium" }],
  ["budget.amount", { budget: { amount: 0.5 } }],
  ["ownersRole", { ownersRole: "Owner" }],
  // User Access Administrator, whose members Azure does not e-mail.
  ["ownersRole", { ownersRole: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9" }],
])("rejects an invalid %s and names it", (path, value) => {
  expect(pathsOf(value)).toEqual([path]);
});

it("rejects an unknown rule name", () => {
  expect(alertConfig.safeParse({ rules: { slowResponse: {} } }).error?.message).toContain("slowResponse");
});

it("turns the availability test on in the profile full only, unless a stage sets it", () => {
  const isOn = (overrides: AlertOverrides) => alertConfig.parse(overrides).availability.enabled;
  expect([isOn({}), isOn({ profile: "full" })]).toEqual([false, true]);
  expect(isOn({ availability: { enabled: true } })).toBe(true);
  expect(isOn({ profile: "full", availability: { enabled: false } })).toBe(false);
});
