// The availability test: several locations request /api/health/ready, and an alert fires when all of them fail.
import { ApplicationInsightsStandardWebTest } from "@cdktf/provider-azurerm/lib/application-insights-standard-web-test/index.js";
import { MonitorMetricAlert } from "@cdktf/provider-azurerm/lib/monitor-metric-alert/index.js";
import { Construct } from "constructs";
import { ROUTE_PREFIX } from "../../functions/lib/names.ts";
import type { Names, ResourceLocation } from "../naming.ts";
import { actionGroupNames } from "./action-groups.ts";
import type { AlertConfig } from "./config.ts";
import { descriptionOf } from "./descriptions.ts";

export interface AvailabilityProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  /** The workflow's name is also the prefix of the names of test and alert. */
  readonly names: Pick<Names, "workflow" | "insights">;
  readonly config: AlertConfig;
  /** Resource id of the resource group that has Application Insights and the action groups. */
  readonly groupId: string;
  /** Host name of the function app. */
  readonly hostName: string;
}

/** Seconds between tests of a location. The longest that Azure accepts, because each test is charged. */
const FREQUENCY = 900;

/**
 * The test and its alert. Finds Application Insights and the action group by name, so that it can be in the stack that is
 * applied after the code runs: before that, the test would fail and alert.
 */
export class Availability extends Construct {
  constructor(scope: Construct, id: string, { location, names, config, groupId, hostName }: AvailabilityProps) {
    super(scope, id);
    const prefix = names.workflow;
    const insightsId = `${groupId}/providers/Microsoft.Insights/components/${names.insights}`;
    const actionGroup = actionGroupNames(prefix, config.slack.connection !== "none").all;
    const { severity, threshold, window, frequency, enabled } = config.rules.readyCheck;
    const test = new ApplicationInsightsStandardWebTest(this, "test", {
      ...location,
      name: `${prefix}-ready`,
      applicationInsightsId: insightsId,
      geoLocations: [...config.availability.locations],
      enabled: true,
      frequency: FREQUENCY,
      // A cold start is slow, but not an outage.
      retryEnabled: true,
      timeout: 30,
      request: { url: `https://${hostName}${ROUTE_PREFIX}/health/ready`, httpVerb: "GET" },
      validationRules: { expectedStatusCode: 200, sslCheckEnabled: true, sslCertRemainingLifetime: 7 },
    });
    if (!enabled) return;
    new MonitorMetricAlert(this, "ready-check", {
      resourceGroupName: location.resourceGroupName,
      name: `${prefix}-ready-check`,
      description: descriptionOf("readyCheck", config.runbooks),
      severity,
      scopes: [test.id, insightsId],
      windowSize: window,
      frequency,
      autoMitigate: true,
      applicationInsightsWebTestLocationAvailabilityCriteria: {
        webTestId: test.id,
        componentId: insightsId,
        // Azure fires at this number; the configuration's rule fires above its threshold.
        failedLocationCount: threshold + 1,
      },
      action: [{ actionGroupId: `${groupId}/providers/Microsoft.Insights/actionGroups/${actionGroup}` }],
    });
  }
}
