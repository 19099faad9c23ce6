// The alerts on logs and metrics: each with its threshold from the configuration, and the place of its runbook.
import { MonitorMetricAlert } from "@cdktf/provider-azurerm/lib/monitor-metric-alert/index.js";
import { MonitorScheduledQueryRulesAlertV2 } from "@cdktf/provider-azurerm/lib/monitor-scheduled-query-rules-alert-v2/index.js";
import { Construct } from "constructs";
import type { Place } from "../place.ts";
import type { AlertConfig, RuleName } from "./config.ts";
import { type LogRuleName, MEASURE, queriesOf } from "./queries.ts";
import { descriptionOf, slugOf } from "./texts.ts";

export interface AlertsProps {
  readonly place: Place;
  readonly prefix: string;
  readonly config: AlertConfig;
  /** Action groups by id. */
  readonly groups: { readonly all: string; readonly owners: string };
  readonly insightsId: string;
  readonly appId: string;
  readonly mediaAccountId: string;
  /** @default no notifier, and so no alert about it */
  readonly workflowId: string | undefined;
}

type Metric = {
  readonly scope: string;
  readonly namespace: string;
  readonly metric: string;
  readonly aggregation: "Average" | "Total";
  readonly group: string;
};

export class Alerts extends Construct {
  constructor(scope: Construct, id: string, props: AlertsProps) {
    super(scope, id);
    const { config, groups, appId, mediaAccountId, workflowId } = props;
    const logs = Object.entries(queriesOf(config.leastRequests)) as [LogRuleName, string][];
    for (const [name, query] of logs) if (config.rules[name].enabled) this.#onLogs(name, query, props);

    const media = { scope: mediaAccountId, namespace: "Microsoft.Storage/storageAccounts", group: groups.all };
    // Executions of instances that are always ready are another metric: those instances are few, and paid for anyway.
    const executions = { metric: "OnDemandFunctionExecutionCount", aggregation: "Total" } as const;
    const metrics: Partial<Record<RuleName, Metric>> = {
      executions: { scope: appId, namespace: "Microsoft.Web/sites", ...executions, group: groups.all },
      storageCapacity: { ...media, metric: "UsedCapacity", aggregation: "Average" },
      storageEgress: { ...media, metric: "Egress", aggregation: "Total" },
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

  #onLogs(name: LogRuleName, query: string, { place, prefix, config, groups, insightsId }: AlertsProps) {
    const { severity, threshold, window, frequency } = config.rules[name];
    new MonitorScheduledQueryRulesAlertV2(this, slugOf(name), {
      ...place,
      name: `${prefix}-${slugOf(name)}`,
      description: descriptionOf(name, config.runbooks),
      severity,
      scopes: [insightsId],
      windowDuration: window,
      evaluationFrequency: frequency,
      // Tells when it is over, too.
      autoMitigationEnabled: true,
      // The tables are there once the app has run; the rules are there before.
      skipQueryValidation: true,
      criteria: [
        {
          query,
          metricMeasureColumn: MEASURE,
          timeAggregationMethod: "Maximum",
          operator: "GreaterThan",
          threshold,
          failingPeriods: { numberOfEvaluationPeriods: 1, minimumFailingPeriodsToTriggerAlert: 1 },
        },
      ],
      action: { actionGroups: [groups.all] },
    });
  }

  #onMetric(name: RuleName, { scope, namespace, metric, aggregation, group }: Metric, props: AlertsProps) {
    const { place, prefix, config } = props;
    const { severity, threshold, window, frequency } = config.rules[name];
    new MonitorMetricAlert(this, slugOf(name), {
      resourceGroupName: place.resourceGroupName,
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
          // Azure knows a metric once it was first measured; the rule is there before.
          skipMetricValidation: true,
        },
      ],
      action: [{ actionGroupId: group }],
    });
  }
}
