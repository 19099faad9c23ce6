// The log workspace, and Application Insights in it.
import { ApplicationInsights } from "@cdktf/provider-azurerm/lib/application-insights/index.js";
import { LogAnalyticsWorkspace } from "@cdktf/provider-azurerm/lib/log-analytics-workspace/index.js";
import { Construct } from "constructs";
import type { StageConfig } from "../config-schema.ts";
import type { Names, ResourceLocation } from "../naming.ts";

export interface ObservabilityProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly names: Pick<Names, "workspace" | "insights">;
  /** Daily cap and retention. */
  readonly telemetry: StageConfig["telemetry"];
}

/** Accepts telemetry from identities only, up to a daily cap that bounds the bill. */
export class Observability extends Construct {
  readonly workspace: LogAnalyticsWorkspace;
  readonly insights: ApplicationInsights;

  constructor(scope: Construct, id: string, { location, names, telemetry }: ObservabilityProps) {
    super(scope, id);
    this.workspace = new LogAnalyticsWorkspace(this, "workspace", {
      ...location,
      name: names.workspace,
      sku: "PerGB2018",
      retentionInDays: telemetry.retention,
      dailyQuotaGb: telemetry.dailyCap,
      localAuthenticationEnabled: false,
    });
    this.insights = new ApplicationInsights(this, "insights", {
      ...location,
      name: names.insights,
      workspaceId: this.workspace.id,
      applicationType: "Node.JS",
      // The lower cap stops collection, and only the workspace logs that, for the alert: so its cap is the lower one.
      dailyDataCapInGb: telemetry.dailyCap * 2,
      retentionInDays: telemetry.retention,
    });
    // The bindings have only the older name. Without local authentication the instrumentation key grants nothing.
    this.insights.addOverride("local_authentication_enabled", false);
  }
}
