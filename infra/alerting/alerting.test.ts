// The alerts of the profile `full`, their recipients and their runbooks.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { alerting, alertsOf, defaults, groupId, groupsOf, named, recipients, rules } from "./alerting.fixture.ts";
import { slugOf } from "./descriptions.ts";
import { leanRules } from "./kinds.ts";
import { MAX_DESCRIPTION } from "./slack-message.ts";

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

it("makes nothing depend on the budget, without which a deployment goes on", () => {
  const budgets = Object.keys(defaults.azurerm_consumption_budget_resource_group ?? {});
  expect(budgets).toHaveLength(1);
  expect(JSON.stringify(defaults)).not.toContain("azurerm_consumption_budget_resource_group.");
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
