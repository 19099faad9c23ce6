// The workspace of all logs, and Application Insights in it: only identities may send, and a cap bounds the bill.
import { ApplicationInsights } from "@cdktf/provider-azurerm/lib/application-insights/index.js";
import { LogAnalyticsWorkspace } from "@cdktf/provider-azurerm/lib/log-analytics-workspace/index.js";
import { Construct } from "constructs";
import type { StageConfig } from "../config.ts";
import type { Names, ResourceLocation } from "../naming.ts";

export interface ObservabilityProps {
  readonly location: ResourceLocation;
  readonly names: Pick<Names, "workspace" | "insights">;
  readonly telemetry: StageConfig["telemetry"];
}

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
      dailyDataCapInGb: telemetry.dailyCap,
      retentionInDays: telemetry.retention,
    });
    // The bindings know only the older name. Whoever sends proves who they are; the instrumentation key opens nothing.
    this.insights.addOverride("local_authentication_enabled", false);
  }
}
