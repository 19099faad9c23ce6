import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { all, one, synthesized } from "../synthesized.fixture.ts";
import { Alerting } from "./alerting.ts";
import { Availability } from "./availability.ts";
import { billOf, budgetOf } from "./bill.ts";
import { type AlertOverrides, alertConfig } from "./config.ts";
import { slugOf } from "./descriptions.ts";
import { leanRules } from "./kinds.ts";
import { SUBSCRIPTION } from "./payloads.fixture.ts";
import { logRuleNames } from "./queries.ts";
import { MAX_DESCRIPTION } from "./slack-message.ts";
import { type Resources, synthesize } from "./workflow.fixture.ts";

const noExtras = { frontDoor: false, alwaysReady: 0 };
const names = { workflow: "v", insights: "i" };
const location = { resourceGroupName: "vitae-production", location: "westeurope" };

/** All resources of the alerting, those of the stack of events too. In the profile `full`, unless it is overridden. */
const alerting = (overrides: AlertOverrides = {}): Resources =>
  synthesize((stack) => {
    const config = alertConfig.parse({ profile: "full", ...overrides });
    if (config.availability.enabled)
      new Availability(stack, "availability", {
        location,
        names,
        config,
        groupId: "/group",
        hostName: "app.example.net",
      });
    new Alerting(stack, "alerting", {
      location,
      names,
      subscriptionId: SUBSCRIPTION,
      config,
      groupId: "/group",
      workspaceId: "/workspace",
      mediaAccountId: "/media",
      siteAccountId: "/site",
      app: { id: "/app" },
      extras: noExtras,
      vault: { id: "/vault", uri: "https://vault.example/" },
    });
  });

type Alert = {
  readonly name: string;
  readonly description: string;
  readonly severity: number;
  readonly scopes: readonly string[];
  readonly criteria?: readonly { readonly threshold: number }[];
  readonly action: unknown;
  readonly [member: string]: unknown;
};
const METRIC = "azurerm_monitor_metric_alert";
const LOG = "azurerm_monitor_scheduled_query_rules_alert_v2";
const listOf = (resources: Resources, type: string) => Object.values(resources[type] ?? {}) as unknown as Alert[];
const alertsOf = (resources: Resources) => [...listOf(resources, METRIC), ...listOf(resources, LOG)];
const named = (resources: Resources, name: string) => {
  const found = alertsOf(resources).find((each) => each.name === `v-${name}`);
  if (!found) throw new Error(`no alert ${name}`);
  return found;
};
const groupsOf = (resources: Resources) => Object.entries(resources.azurerm_monitor_action_group ?? {});
/** Names of the action groups that receive an alert; another stack has only the name in the id. */
const recipients = (resources: Resources, { action }: Alert) =>
  [...JSON.stringify(action).matchAll(/azurerm_monitor_action_group\.(\w+)\.id|actionGroups\/([\w-]+)/g)].map(
    ([, id = "", name]) => name ?? resources.azurerm_monitor_action_group?.[id]?.name,
  );
const groupId = (resources: Resources, name: string) =>
  groupsOf(resources).find(([, group]) => group.name === name)?.[0];

const defaults = alerting();
const lean = alerting({ profile: "lean" });
const rules = Object.entries(alertConfig.parse({}).rules);
const namesIn = (resources: Resources) => alertsOf(resources).map(({ name }) => name.replace(/^v-/, ""));

describe("rule", () => {
  it.each(rules)("creates one alert for %s with its severity and threshold", (name, { severity, threshold }) => {
    const alert = named(defaults, slugOf(name));
    expect(alert.severity).toBe(severity);
    const [criterion] = alert.criteria ?? [];
    if (name !== "readyCheck") expect(criterion?.threshold).toBe(threshold);
    expect(recipients(defaults, alert)).toHaveLength(1);
  });

  it.each(rules)("applies the changes of a stage to %s", (name) => {
    const locations = ["emea-nl-ams-azr", "emea-gb-db3-azr", "emea-fr-pra-edge", "us-va-ash-azr"];
    const changed = alerting({
      rules: { [name]: { severity: 4, threshold: 3, window: "P1D", frequency: "PT1H" } },
      availability: { locations },
    });
    const alert = named(changed, slugOf(name));
    expect(alert.severity).toBe(4);
    expect(JSON.stringify(alert)).toContain(name === "readyCheck" ? '"failed_location_count":4' : '"threshold":3');
    expect([alert.window_size ?? alert.window_duration, alert.frequency ?? alert.evaluation_frequency]).toEqual([
      "P1D",
      "PT1H",
    ]);
  });

  it.each(rules)("creates no alert for %s when it is disabled", (name) => {
    const off = alertsOf(alerting({ rules: { [name]: { enabled: false } } })).map((alert) => alert.name);
    expect(off).toHaveLength(rules.length - 1);
    expect(off).not.toContain(`v-${slugOf(name)}`);
  });

  it.each(rules)("links %s to a heading of docs/runbooks.md", async (name) => {
    const text = await readFile(join(import.meta.dirname, "../../docs/runbooks.md"), "utf8");
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} -]/gu, "")
        .replaceAll(" ", "-"),
    );
    const { description } = named(defaults, slugOf(name));
    expect(description.length).toBeLessThan(MAX_DESCRIPTION);
    const [, anchor] = description.split("docs/runbooks.md#");
    expect(headings).toContain(anchor);
    for (const other of ["budget", ...Object.keys(leanRules)]) expect(headings).toContain(`alert-${other}`);
  });
});

describe("action groups", () => {
  it("sends alerts to owners and Slack in the common schema, with a sensitive URL for Slack", () => {
    expect(defaults.azurerm_monitor_action_group?.[groupId(defaults, "v-alerts") ?? ""]).toMatchObject({
      short_name: "vitae-alerts",
      arm_role_receiver: [{ role_id: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", use_common_alert_schema: true }],
      logic_app_receiver: [
        {
          resource_id: expect.stringMatching(/^\$\{azapi_resource\.\w+\.id\}$/),
          callback_url: expect.stringMatching(/^\$\{data\.azapi_resource_action\.\w+\.sensitive_output\.value\}$/),
          use_common_alert_schema: true,
        },
      ],
    });
    for (const [, { short_name }] of groupsOf(defaults)) expect(String(short_name).length).toBeLessThanOrEqual(12);
    expect(JSON.stringify(defaults).match(/sensitive_output/g)).toHaveLength(1);
  });

  it("sends a failure of the notifier to the owners only", () => {
    const owners = groupId(defaults, "v-owners");
    expect(defaults.azurerm_monitor_action_group?.[owners ?? ""]).not.toHaveProperty("logic_app_receiver");
    for (const alert of alertsOf(defaults))
      expect(recipients(defaults, alert)).toEqual([alert.name === "v-notifier-failed" ? "v-owners" : "v-alerts"]);
  });

  it("sends e-mails only, and creates no notifier, when Slack is off", () => {
    const mails = alerting({ slack: { connection: "none" } });
    expect(groupsOf(mails)).toHaveLength(1);
    expect(Object.keys(mails).filter((type) => type === "azapi_resource")).toEqual([]);
    expect(alertsOf(mails)).toHaveLength(rules.length - 1);
    for (const alert of alertsOf(mails)) expect(recipients(mails, alert)).toEqual(["v-owners"]);
  });
});

describe("metric alert", () => {
  it.each([
    ["executions", "/app", "Microsoft.Web/sites", "OnDemandFunctionExecutionCount", "Total"],
    ["storage-capacity", "/media", "Microsoft.Storage/storageAccounts", "UsedCapacity", "Average"],
    ["storage-egress", "/media", "Microsoft.Storage/storageAccounts", "Egress", "Total"],
    ["site-egress", "/site", "Microsoft.Storage/storageAccounts", "Egress", "Total"],
    ["notifier-failed", expect.stringContaining("azapi_resource"), "Microsoft.Logic/workflows", "RunsFailed", "Total"],
  ])("reads the metric of %s", (name, scope, metric_namespace, metric_name, aggregation) => {
    const alert = named(defaults, name);
    expect(alert.scopes).toEqual([scope]);
    expect(alert.auto_mitigate).toBe(true);
    expect(alert.criteria).toEqual([
      expect.objectContaining({
        metric_namespace,
        metric_name,
        aggregation,
        operator: "GreaterThan",
        skip_metric_validation: true,
      }),
    ]);
  });
});

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
    expect(alertsOf(off)).toHaveLength(rules.length - 1);
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
