// The check from outside: places around the world ask whether the app is ready, and an alert when they agree that it is not.
import { ApplicationInsightsStandardWebTest } from "@cdktf/provider-azurerm/lib/application-insights-standard-web-test/index.js";
import { MonitorMetricAlert } from "@cdktf/provider-azurerm/lib/monitor-metric-alert/index.js";
import { Construct } from "constructs";
import { ROUTE_PREFIX } from "../../functions/lib/names.ts";
import type { Place } from "../place.ts";
import type { AlertConfig } from "./config.ts";
import { descriptionOf } from "./texts.ts";

export interface AvailabilityProps {
  readonly place: Place;
  readonly prefix: string;
  readonly config: AlertConfig;
  readonly insightsId: string;
  readonly hostName: string;
  /** The action group to tell, by id. */
  readonly group: string;
}

/** Every 15 minutes, the rarest that Azure knows: each call is paid for. */
const EVERY = 900;

export class Availability extends Construct {
  constructor(scope: Construct, id: string, { place, prefix, config, insightsId, hostName, group }: AvailabilityProps) {
    super(scope, id);
    const { severity, threshold, window, frequency, enabled } = config.rules.readyCheck;
    const test = new ApplicationInsightsStandardWebTest(this, "test", {
      ...place,
      name: `${prefix}-ready`,
      applicationInsightsId: insightsId,
      geoLocations: [...config.availability.places],
      enabled: true,
      frequency: EVERY,
      // A cold start is slow and no outage.
      retryEnabled: true,
      timeout: 30,
      request: { url: `https://${hostName}${ROUTE_PREFIX}/health/ready`, httpVerb: "GET" },
      validationRules: { expectedStatusCode: 200, sslCheckEnabled: true, sslCertRemainingLifetime: 7 },
    });
    if (!enabled) return;
    new MonitorMetricAlert(this, "ready-check", {
      resourceGroupName: place.resourceGroupName,
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
        // Azure fires at this number, the configuration above its own.
        failedLocationCount: threshold + 1,
      },
      action: [{ actionGroupId: group }],
    });
  }
}
