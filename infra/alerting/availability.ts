// The availability test: several locations request /api/health/ready, and an alert fires when all of them fail.
import { ApplicationInsightsStandardWebTest } from "@cdktf/provider-azurerm/lib/application-insights-standard-web-test/index.js";
import { MonitorMetricAlert } from "@cdktf/provider-azurerm/lib/monitor-metric-alert/index.js";
import { Construct } from "constructs";
import { ROUTE_PREFIX } from "../../functions/lib/names.ts";
import type { ResourceLocation } from "../naming.ts";
import type { AlertConfig } from "./config.ts";
import { descriptionOf } from "./descriptions.ts";

export interface AvailabilityProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  /** Prefix of the names of test and alert. */
  readonly prefix: string;
  readonly config: AlertConfig;
  /** Resource id of Application Insights. */
  readonly insightsId: string;
  /** Host name of the function app. */
  readonly hostName: string;
  /** Id of the action group that receives the alert. */
  readonly groupId: string;
}

/** Seconds between tests of a location. The longest that Azure accepts, because each test is charged. */
const FREQUENCY = 900;

/** The test and its alert. */
export class Availability extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { location, prefix, config, insightsId, hostName, groupId }: AvailabilityProps,
  ) {
    super(scope, id);
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
      action: [{ actionGroupId: groupId }],
    });
  }
}
