// Everything that stands before the code runs.
import { DataAzurermResourceGroup } from "@cdktf/provider-azurerm/lib/data-azurerm-resource-group/index.js";
import { TerraformOutput } from "cdktf/lib/terraform-output.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import { Alerting } from "./alerting/alerting.ts";
import type { StageConfig } from "./config.ts";
import { AppIdentity } from "./constructs/app-identity.ts";
import { CosmosTables } from "./constructs/cosmos-tables.ts";
import { FrontDoor } from "./constructs/front-door.ts";
import { FunctionApp } from "./constructs/function-app.ts";
import { HostStorage } from "./constructs/host-storage.ts";
import { MediaStorage } from "./constructs/media-storage.ts";
import { MediaTopic } from "./constructs/media-topic.ts";
import { Observability } from "./constructs/observability.ts";
import { Vault } from "./constructs/vault.ts";
import { namesOf, type ResourceLocation } from "./naming.ts";
import { addProviders, type Target } from "./provider.ts";
import { assignRole } from "./role-assignment.ts";
import { type DeployedSettings, settingsOf } from "./settings.ts";

export interface StackProps {
  readonly config: StageConfig;
  readonly target: Target;
}

export class PlatformStack extends TerraformStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, "platform");
    addProviders(this, "platform", props);
    const { config, target } = props;
    const { subscriptionId, tenantId } = target;
    const names = namesOf(config.stage, subscriptionId);
    const group = new DataAzurermResourceGroup(this, "group", { name: names.resourceGroup });
    const location: ResourceLocation = { resourceGroupName: names.resourceGroup, location: config.region };

    const host = new HostStorage(this, "host", { location, name: names.hostAccount });
    const { origins, lifecycle } = config;
    const media = new MediaStorage(this, "media", { location, name: names.mediaAccount, origins, lifecycle });
    const tables = new CosmosTables(this, "tables", { location, name: names.cosmosAccount });
    const vault = new Vault(this, "vault", { location, name: names.vault, tenantId, retention: config.vault });
    const observability = new Observability(this, "observability", { location, names, telemetry: config.telemetry });
    const frontDoor = { resourceGroupName: names.resourceGroup, name: names.frontDoor, media };
    const cdn = config.frontDoor ? new FrontDoor(this, "front-door", frontDoor) : undefined;

    const identity = new AppIdentity(this, "identity", { location, name: names.identity, subscriptionId });
    const settings: DeployedSettings = {
      ...settingsOf(config),
      ...identity.settings(),
      ...identity.bindHostStorage(host),
      ...identity.bindMedia(media),
      ...identity.bindTables(tables),
      ...identity.bindVault(vault),
      ...identity.bindTelemetry(observability),
      ...cdn?.settings(),
    };
    const app = new FunctionApp(this, "app", {
      location,
      groupId: group.id,
      names,
      identity,
      settings,
      packageUrl: host.packageUrl,
      origins: config.origins,
      scale: config.scale,
    });
    new MediaTopic(this, "topic", { location, name: names.mediaTopic, media, host, subscriptionId });
    new Alerting(this, "alerting", {
      location,
      names,
      subscriptionId,
      config: config.alerts,
      groupId: group.id,
      insightsId: observability.insights.id,
      mediaAccountId: media.account.id,
      app,
      vault,
    });
    for (const container of [host.packages, host.releases])
      assignRole(this, `deployer-${container.node.id}`, {
        role: "Storage Blob Data Contributor",
        on: container.resourceManagerId,
        to: target.deployerObjectId,
        subscriptionId,
      });

    // What Azure chose and a person asks for; the rest has names that can be known beforehand. No secret is among them.
    const outputs = { app_url: `https://${app.hostName}`, workspace_id: observability.workspace.workspaceId };
    for (const [name, value] of Object.entries(outputs)) new TerraformOutput(this, name, { value });
  }
}
