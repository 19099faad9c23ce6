// What Azure sends to a receiver with the common alert schema, after the samples in
// https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-payload-samples

export const SUBSCRIPTION = "11111111-1111-1111-1111-111111111111";
export const RUNBOOKS = "https://github.com/o/r/blob/main/docs/runbooks.md";
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourcegroups/rg-vitae-production`;

const alertEssentials = {
  alertId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/22222222-2222-2222-2222-222222222222`,
  alertRule: "vitae-executions",
  severity: "Sev1",
  signalType: "Metric",
  monitorCondition: "Fired",
  monitoringService: "Platform",
  alertTargetIDs: [`${GROUP}/providers/microsoft.web/sites/vitae`],
  configurationItems: ["vitae"],
  originAlertId: "o",
  firedDateTime: "2026-11-21T11:58:24.3713213Z",
  description: `Too many executions. Runbook: ${RUNBOOKS}#alert-executions`,
  essentialsVersion: "1.0",
  alertContextVersion: "1.0",
};

/** An alert on a metric, a log or an availability test: their essentials have the same fields. */
export const alertPayload = (essentials: Readonly<Record<string, unknown>> = {}) => ({
  schemaId: "azureMonitorCommonAlertSchema",
  data: {
    essentials: { ...alertEssentials, ...essentials },
    alertContext: {
      properties: null,
      conditionType: "SingleResourceMultipleMetricCriteria",
      condition: {
        windowSize: "PT1H",
        allOf: [{ metricName: "OnDemandFunctionExecutionCount", metricValue: 31110.5, threshold: "10000" }],
      },
    },
    customProperties: null,
  },
});

export const PORTAL_LINK =
  "https://portal.azure.com#@t/blade/Microsoft_Azure_Monitoring_Logs/LogsBlade/source/Alerts.EmailLinks/scope/%7B%7D/q/eJzz/prettify/1/timespan/2026-11-20T11%3a58%3a24.0000000Z%2f2026-11-21T11%3a58%3a24.0000000Z";

/** An alert on a log, with the number that the rule measured in a column. */
export const logPayload = (
  rule: string,
  criterion: { readonly metricMeasureColumn: string; readonly metricValue: number; readonly threshold: string },
  essentials: Readonly<Record<string, unknown>> = {},
) => {
  const { data, ...rest } = alertPayload({
    alertRule: `vitae-production-abcde-${rule}`,
    signalType: "Log",
    monitoringService: "Log Alerts V2",
    ...essentials,
  });
  const allOf = [{ searchQuery: "union", timeAggregation: "Total", ...criterion, linkToSearchResultsUI: PORTAL_LINK }];
  const condition = { windowSize: "PT30M", allOf };
  return {
    ...rest,
    data: { ...data, alertContext: { properties: null, conditionType: "LogQueryCriteria", condition } },
  };
};

/** A budget: most of its essentials are null. */
export const budgetPayload = {
  schemaId: "azureMonitorCommonAlertSchema",
  data: {
    essentials: {
      monitoringService: "CostAlerts",
      firedDateTime: "2026-11-20T21:13:20.645Z",
      description: "Your spend for budget vitae is now $11.11 exceeding your specified threshold $8.00.",
      essentialsVersion: "1.0",
      alertContextVersion: "1.0",
      alertId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.CostManagement/alerts/vitae`,
      alertRule: null,
      severity: null,
      signalType: null,
      monitorCondition: null,
      alertTargetIDs: null,
      configurationItems: ["budgets"],
      originAlertId: null,
    },
    alertContext: { AlertCategory: "budgets", AlertData: { BudgetName: "vitae", SpentAmount: "$11.11", Unit: "USD" } },
  },
};
