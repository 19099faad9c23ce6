// For tests: what Azure sends to a receiver with the common alert schema, and the budget's two shapes, after the samples
// in https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-payload-samples

export const SUBSCRIPTION = "11111111-1111-1111-1111-111111111111";
const ALERT = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/22222222-2222-2222-2222-222222222222`;
const GROUP = `/subscriptions/${SUBSCRIPTION}/resourcegroups/rg-vitae-production`;
export const RUNBOOKS = "https://github.com/o/r/blob/main/docs/runbooks.md";

type Essentials = Readonly<Record<string, unknown>>;

const essentials = {
  alertId: ALERT,
  alertRule: "vitae-executions",
  severity: "Sev1",
  signalType: "Metric",
  monitorCondition: "Fired",
  monitoringService: "Platform",
  alertTargetIDs: [`${GROUP}/providers/microsoft.web/sites/vitae`],
  configurationItems: ["vitae"],
  originAlertId: "o",
  firedDateTime: "2026-11-21T11:58:24.3713213Z",
  description: `Executions in an hour, far above what visits explain. Runbook: ${RUNBOOKS}#alert-executions`,
  essentialsVersion: "1.0",
  alertContextVersion: "1.0",
};

export function metricAlert(changed: Essentials = {}) {
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: { ...essentials, ...changed },
      alertContext: {
        properties: null,
        conditionType: "SingleResourceMultipleMetricCriteria",
        condition: {
          windowSize: "PT1H",
          allOf: [
            {
              metricName: "OnDemandFunctionExecutionCount",
              metricNamespace: "Microsoft.Web/sites",
              operator: "GreaterThan",
              threshold: "10000",
              timeAggregation: "Total",
              dimensions: [],
              metricValue: 31110.5,
              webTestName: null,
            },
          ],
          windowStartTime: "2026-11-21T10:58:00Z",
          windowEndTime: "2026-11-21T11:58:00Z",
        },
      },
      customProperties: null,
    },
  };
}

export const LOG_RESULTS =
  "https://portal.azure.com#@t/blade/Microsoft_Azure_Monitoring_Logs/LogsBlade/source/Alerts?a=1&b=2";

export function logAlert(changed: Essentials = {}, condition: Readonly<Record<string, unknown>> = {}) {
  return {
    schemaId: "azureMonitorCommonAlertSchema",
    data: {
      essentials: {
        ...essentials,
        alertRule: "vitae-server-errors",
        signalType: "Log",
        monitoringService: "Log Alerts V2",
        description: `More than 1 % of the answers are 500 or above. Runbook: ${RUNBOOKS}#alert-server-errors`,
        ...changed,
      },
      alertContext: {
        properties: null,
        conditionType: "LogQueryCriteria",
        condition: {
          windowSize: "PT30M",
          allOf: [
            {
              searchQuery: "requests | summarize share = 2.5",
              metricMeasureColumn: "share",
              targetResourceTypes: "['microsoft.insights/components']",
              operator: "GreaterThan",
              threshold: "1",
              timeAggregation: "Maximum",
              dimensions: [],
              metricValue: 2.5,
              failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
              linkToSearchResultsUI: "https://portal.azure.com#all",
              linkToFilteredSearchResultsUI: LOG_RESULTS,
              linkToSearchResultsAPI: "https://api.applicationinsights.io/v1/apps/a/query",
              linkToFilteredSearchResultsAPI: "https://api.applicationinsights.io/v1/apps/a/query",
              ...condition,
            },
          ],
          windowStartTime: "2026-11-21T11:28:00Z",
          windowEndTime: "2026-11-21T11:58:00Z",
        },
      },
      customProperties: null,
    },
  };
}

export const availabilityAlert = {
  schemaId: "azureMonitorCommonAlertSchema",
  data: {
    essentials: { ...essentials, alertRule: "vitae-ready-check", severity: "Sev0", description: "Not ready." },
    alertContext: {
      properties: null,
      conditionType: "WebtestLocationAvailabilityCriteria",
      condition: {
        windowSize: "PT30M",
        allOf: [
          {
            metricName: "Failed Location",
            metricNamespace: null,
            operator: "GreaterThan",
            threshold: "1",
            timeAggregation: "Sum",
            dimensions: [],
            metricValue: 2,
            webTestName: "vitae-ready",
          },
        ],
        windowStartTime: "2026-11-21T11:28:00Z",
        windowEndTime: "2026-11-21T11:58:00Z",
      },
    },
  },
};

export const commonBudget = {
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
    alertContext: {
      AlertCategory: "budgets",
      AlertData: {
        Scope: `/subscriptions/${SUBSCRIPTION}/`,
        ThresholdType: "Actual",
        BudgetType: "Cost",
        BudgetThreshold: "$10.00",
        NotificationThresholdAmount: "$8.00",
        BudgetName: "vitae",
        BudgetId: `${GROUP}/providers/Microsoft.Consumption/budgets/vitae`,
        BudgetStartDate: "2026-11-01",
        BudgetCreator: "owner@example.org",
        Unit: "USD",
        SpentAmount: "$11.11",
      },
    },
  },
};

export const oldBudget = {
  schemaId: "AIP Budget Notification",
  data: {
    SubscriptionName: "Résumé",
    SubscriptionId: SUBSCRIPTION,
    EnrollmentNumber: "",
    ResourceGroup: "rg-vitae-production",
    SpendingAmount: "11.32",
    BudgetStartDate: "2026-11-01T00:00:00Z",
    Budget: "10",
    Unit: "USD",
    BudgetCreator: "owner@example.org",
    BudgetName: "vitae",
    BudgetType: "Cost",
    NotificationThresholdAmount: "8.0",
  },
};
