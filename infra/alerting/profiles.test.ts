// What the profiles differ in: log rules, availability test, budget.
import { describe, expect, it } from "vitest";
import { all, one, synthesized } from "../synthesized.fixture.ts";
import {
  alerting,
  defaults,
  groupId,
  LOG,
  lean,
  listOf,
  METRIC,
  named,
  namesIn,
  noExtras,
} from "./alerting.fixture.ts";
import { billOf, budgetOf } from "./bill.ts";
import { type AlertOverrides, alertConfig } from "./config.ts";
import { slugOf } from "./descriptions.ts";
import { leanRules } from "./kinds.ts";
import { logRuleNames } from "./queries.ts";
import { MAX_DESCRIPTION } from "./slack-message.ts";
import type { Resources } from "./workflow.fixture.ts";

describe("log alert", () => {
  it.each([
    ["lean", lean, 2],
    ["full", defaults, 10],
  ])(
    "is on the workspace every 15 minutes, resolves, has no dimension and needs no table: %s",
    (_, resources, count) => {
      expect(listOf(resources, LOG)).toHaveLength(count);
      for (const alert of listOf(resources, LOG)) {
        expect(alert).toMatchObject({
          scopes: ["/workspace"],
          evaluation_frequency: "PT15M",
          auto_mitigation_enabled: true,
          skip_query_validation: true,
        });
        expect(alert.criteria).toHaveLength(1);
        expect(alert.criteria?.[0]).not.toHaveProperty("dimension");
      }
    },
  );
});

describe("profile", () => {
  it("has in lean a kind for each log rule of full, each in one rule", () => {
    expect(Object.values(leanRules).flat().sort()).toEqual([...logRuleNames].sort());
    const inQueries = listOf(lean, LOG).flatMap(({ criteria }) =>
      [...JSON.stringify(criteria).matchAll(/problem = \\"([\w-]+)\\"/g)].map(([, problem]) => problem),
    );
    expect(inQueries.sort()).toEqual(logRuleNames.map(slugOf).sort());
  });

  it("has the same metric alerts in both, and the availability test in full only", () => {
    const metrics = (resources: Resources) => listOf(resources, METRIC).map(({ name }) => name);
    expect(metrics(defaults).filter((name) => !metrics(lean).includes(name))).toEqual(["v-ready-check"]);
    expect(metrics(lean).filter((name) => !metrics(defaults).includes(name))).toEqual([]);
    // The free ones of a subscription.
    expect(metrics(defaults).length).toBeLessThanOrEqual(10);
    expect(namesIn(alerting({ profile: "lean", availability: { enabled: true } }))).toContain("ready-check");
  });

  it("has the failures, the duration and the executions of the counter in both", () => {
    expect(namesIn(defaults)).toEqual(
      expect.arrayContaining(["server-errors", "store-unavailable", "counter-duration", "executions"]),
    );
    expect(namesIn(lean)).toEqual(expect.arrayContaining(["incidents", "trends", "executions"]));
  });

  it("shows e-mails which codes the number of a lean rule is the sum of", () => {
    expect(named(lean, "trends").description).toContain(
      "the sum of their codes: 4 busy, 8 counter duration, 16 slow responses. Runbook: ",
    );
    for (const { description } of listOf(lean, LOG)) expect(description.length).toBeLessThan(MAX_DESCRIPTION);
  });

  it("has no alert on metrics and no budget in previews", () => {
    const { platform, events } = synthesized("preview-7");
    expect([...all(platform, METRIC), ...all(events, METRIC)]).toEqual([]);
    expect(all(platform, "azurerm_consumption_budget_resource_group")).toEqual([]);
    expect(all(platform, LOG)).toHaveLength(2);
  });
});

describe("availability test", () => {
  it("requests readiness from two locations every 15 minutes and alerts when both fail", () => {
    const [test] = Object.values(defaults.azurerm_application_insights_standard_web_test ?? {});
    expect(test).toMatchObject({
      frequency: 900,
      geo_locations: ["emea-nl-ams-azr", "emea-gb-db3-azr"],
      request: { url: "https://app.example.net/api/health/ready" },
      validation_rules: { expected_status_code: 200 },
    });
    expect(named(defaults, "ready-check").application_insights_web_test_location_availability_criteria).toMatchObject({
      failed_location_count: 2,
      component_id: "/group/providers/Microsoft.Insights/components/i",
    });
  });

  it("is in the stack of events, since it would fail before the code runs", () => {
    const { platform, events } = synthesized("production", { alerts: { availability: { enabled: true } } });
    expect(platform.resource).not.toHaveProperty("azurerm_application_insights_standard_web_test");
    const [test] = all(events, "azurerm_application_insights_standard_web_test");
    const insights = one(platform, "azurerm_application_insights").name;
    expect(test?.application_insights_id).toMatch(new RegExp(`/components/${insights}$`));
    const groups = all(platform, "azurerm_monitor_action_group").map(({ name }) => name);
    const [, group] = /actionGroups\/([\w-]+)/.exec(JSON.stringify(all(events, "azurerm_monitor_metric_alert"))) ?? [];
    expect(groups).toContain(group);
  });

  it("creates no availability test when it is disabled", () => {
    const off = alerting({ availability: { enabled: false } });
    expect(off).not.toHaveProperty("azurerm_application_insights_standard_web_test");
    expect(namesIn(off)).not.toContain("ready-check");
  });
});

describe("budget", () => {
  const budgetIn = (overrides: AlertOverrides) =>
    Object.values(alerting(overrides).azurerm_consumption_budget_resource_group ?? {})[0];

  it("notifies owners and Slack when its amount is spent or forecast", () => {
    const budget = budgetIn({ budget: { amount: 25 } });
    expect(budget).toMatchObject({
      amount: 25,
      resource_group_id: "/group",
      time_grain: "Monthly",
      time_period: { start_date: `\${formatdate("YYYY-MM-01'T'00:00:00'Z'", timestamp())}` },
      lifecycle: { ignore_changes: ["time_period"] },
    });
    const notifications = (budget as unknown as { notification: Record<string, unknown>[] }).notification;
    const thresholds = notifications.map(({ threshold, threshold_type }) => `${threshold} ${threshold_type}`);
    expect(thresholds).toEqual(["100 Actual", "100 Forecasted"]);
    for (const { contact_groups } of notifications)
      expect(contact_groups).toEqual([`\${azurerm_monitor_action_group.${groupId(defaults, "v-alerts")}.id}`]);
  });

  it("does not exist when it is disabled", () => {
    expect(budgetIn({ budget: { enabled: false } })).toBeUndefined();
  });

  it("has one and a half times the bill of the stage, and at least 5", () => {
    expect(budgetIn({ profile: "lean" })?.amount).toBe(5);
    expect(budgetIn({})?.amount).toBe(budgetOf(billOf(alertConfig.parse({ profile: "full" }), noExtras)));
    const [budget] = all(
      synthesized("production", { frontDoor: true, scale: { alwaysReady: { http: 2 } } }).platform,
      "azurerm_consumption_budget_resource_group",
    );
    expect(budget?.amount).toBe(Math.ceil(1.5 * (2.51 + 35 + 2 * 21)));
  });
});
