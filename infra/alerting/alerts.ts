// The alerts on logs and metrics.
import { MonitorMetricAlert } from "@cdktf/provider-azurerm/lib/monitor-metric-alert/index.js";
import { MonitorScheduledQueryRulesAlertV2 } from "@cdktf/provider-azurerm/lib/monitor-scheduled-query-rules-alert-v2/index.js";
import { Construct } from "constructs";
import type { ResourceLocation } from "../naming.ts";
import { type AlertConfig, type AlertRule, type RuleName, windows } from "./config.ts";
import { descriptionOf, slugOf } from "./descriptions.ts";
import { CODE, enabledKinds, type LeanRuleName, leanRules, unionDescription, unionOf } from "./kinds.ts";
import { logRuleNames, MEASURE, queryOf } from "./queries.ts";

export interface AlertsProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  /** Prefix of the alerts' names. */
  readonly prefix: string;
  readonly config: AlertConfig;
  /** Ids of the action groups: with Slack, and owners only. */
  readonly groups: { readonly all: string; readonly owners: string };
  /** Resource id of the workspace. Its tables include the operation log, which Application Insights does not show. */
  readonly workspaceId: string;
  /** Resource id of the function app. */
  readonly appId: string;
  /** Resource id of the storage account of the images. */
  readonly mediaAccountId: string;
  /** Resource id of the storage account of the website. */
  readonly siteAccountId: string;
  /** Resource id of the notifier's workflow. @default no alert on the notifier */
  readonly workflowId: string | undefined;
}

type Metric = {
  readonly scope: string;
  readonly namespace: string;
  readonly metric: string;
  readonly aggregation: "Average" | "Total";
  readonly group: string;
};

type LogRule = Pick<AlertRule, "severity" | "threshold" | "window" | "frequency"> & {
  readonly description: string;
  readonly query: string;
  readonly column: string;
  readonly aggregation: "Maximum" | "Total";
};

/** The alerts of the profile, except `readyCheck`. */
export class Alerts extends Construct {
  constructor(scope: Construct, id: string, props: AlertsProps) {
    super(scope, id);
    const { config, groups, appId, mediaAccountId, siteAccountId, workflowId } = props;
    if (config.profile === "lean")
      for (const rule of Object.keys(leanRules) as LeanRuleName[]) this.#onKinds(rule, props);
    else
      for (const name of logRuleNames.filter((each) => config.rules[each].enabled))
        this.#onLogs(name, props, {
          ...config.rules[name],
          description: descriptionOf(name, config.runbooks),
          query: queryOf(name, config.rules[name], config.minRequests),
          column: MEASURE,
          aggregation: "Maximum",
        });
    if (!config.metricAlerts) return;

    const storage = { namespace: "Microsoft.Storage/storageAccounts", group: groups.all };
    const media = { ...storage, scope: mediaAccountId };
    const egress = { metric: "Egress", aggregation: "Total" } as const;
    // Always-ready instances have a metric of their own. They are few, and charged by the hour.
    const executions = { metric: "OnDemandFunctionExecutionCount", aggregation: "Total" } as const;
    const metrics: Partial<Record<RuleName, Metric>> = {
      executions: { scope: appId, namespace: "Microsoft.Web/sites", ...executions, group: groups.all },
      storageCapacity: { ...media, metric: "UsedCapacity", aggregation: "Average" },
      storageEgress: { ...media, ...egress },
      siteEgress: { ...storage, ...egress, scope: siteAccountId },
      ...(workflowId && {
        notifierFailed: {
          scope: workflowId,
          namespace: "Microsoft.Logic/workflows",
          metric: "RunsFailed",
          aggregation: "Total",
          group: groups.owners,
        },
      }),
    };
    for (const [name, metric] of Object.entries(metrics) as [RuleName, Metric][])
      if (config.rules[name].enabled) this.#onMetric(name, metric, props);
  }

  /** Not split by kind: Azure would charge for each. */
  #onKinds(rule: LeanRuleName, props: AlertsProps) {
    const { config } = props;
    const kinds = enabledKinds(rule, config);
    const members = kinds.map((name) => config.rules[name]);
    const longest = Math.max(...members.map(({ window }) => windows.indexOf(window)));
    const window = windows[longest];
    if (!window) return;
    this.#onLogs(rule, props, {
      // The lowest number is the highest severity.
      severity: Math.min(...members.map(({ severity }) => severity)),
      threshold: 0,
      window,
      frequency: "PT15M",
      description: unionDescription(rule, kinds, config.runbooks),
      query: unionOf(kinds, config),
      column: CODE,
      aggregation: "Total",
    });
  }

  #onLogs(name: string, { location, prefix, groups, workspaceId }: AlertsProps, rule: LogRule) {
    const { severity, threshold, window, frequency, description, query, column, aggregation } = rule;
    new MonitorScheduledQueryRulesAlertV2(this, slugOf(name), {
      ...location,
      name: `${prefix}-${slugOf(name)}`,
      description,
      severity,
      scopes: [workspaceId],
      windowDuration: window,
      evaluationFrequency: frequency,
      // Also reports that the alert is resolved.
      autoMitigationEnabled: true,
      // The tables exist after the first run of the app, the rules before it.
      skipQueryValidation: true,
      criteria: [
        {
          query,
          metricMeasureColumn: column,
          timeAggregationMethod: aggregation,
          operator: "GreaterThan",
          threshold,
          failingPeriods: { numberOfEvaluationPeriods: 1, minimumFailingPeriodsToTriggerAlert: 1 },
        },
      ],
      action: { actionGroups: [groups.all] },
    });
  }

  #onMetric(name: RuleName, { scope, namespace, metric, aggregation, group }: Metric, props: AlertsProps) {
    const { location, prefix, config } = props;
    const { severity, threshold, window, frequency } = config.rules[name];
    new MonitorMetricAlert(this, slugOf(name), {
      resourceGroupName: location.resourceGroupName,
      name: `${prefix}-${slugOf(name)}`,
      description: descriptionOf(name, config.runbooks),
      severity,
      scopes: [scope],
      windowSize: window,
      frequency,
      autoMitigate: true,
      criteria: [
        {
          metricNamespace: namespace,
          metricName: metric,
          aggregation,
          operator: "GreaterThan",
          threshold,
          // A metric exists after its first value, the rule before it.
          skipMetricValidation: true,
        },
      ],
      action: [{ actionGroupId: group }],
    });
  }
}
