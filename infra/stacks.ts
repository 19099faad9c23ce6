// The two stacks of a stage, and the app that holds both.
import { DataAzurermResourceGroup } from "@cdktf/provider-azurerm/lib/data-azurerm-resource-group/index.js";
import { App } from "cdktf/lib/app.js";
import { TerraformOutput } from "cdktf/lib/terraform-output.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import { Alerting } from "./alerting/alerting.ts";
import { Availability } from "./alerting/availability.ts";
import { AppIdentity } from "./constructs/app-identity.ts";
import { CosmosTables } from "./constructs/cosmos-tables.ts";
import { FrontDoor } from "./constructs/front-door.ts";
import { FunctionApp } from "./constructs/function-app.ts";
import { HostStorage } from "./constructs/host-storage.ts";
import { MediaStorage } from "./constructs/media-storage.ts";
import { MediaTopic } from "./constructs/media-topic.ts";
import { Observability } from "./constructs/observability.ts";
import { OriginalWritten } from "./constructs/original-written.ts";
import { SiteStorage } from "./constructs/site-storage.ts";
import { Vault } from "./constructs/vault.ts";
import { defaultHostName, namesOf, type ResourceLocation } from "./naming.ts";
import { addProviders, type StackProps } from "./provider.ts";
import { assignRole } from "./role-assignment.ts";
import { type DeployedSettings, originSettings, settingsOf } from "./settings.ts";
import { tagResources } from "./tags.ts";

/** All resources that exist before the code is deployed. */
class PlatformStack extends TerraformStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, "platform");
    addProviders(this, "platform", props);
    const { config, target } = props;
    const { subscriptionId, tenantId } = target;
    const names = namesOf(config.stage, subscriptionId, config.region);
    const group = new DataAzurermResourceGroup(this, "group", { name: names.resourceGroup });
    const location: ResourceLocation = { resourceGroupName: names.resourceGroup, location: config.region };

    const host = new HostStorage(this, "host", { location, name: names.hostAccount });
    const site = new SiteStorage(this, "site", { location, name: names.siteAccount });
    const origins = config.site.enabled ? [...config.origins, site.origin] : config.origins;
    const { lifecycle } = config;
    const media = new MediaStorage(this, "media", { location, name: names.mediaAccount, origins, lifecycle });
    const tables = new CosmosTables(this, "tables", { location, name: names.cosmosAccount });
    const vault = new Vault(this, "vault", { location, name: names.vault, tenantId, retention: config.vault });
    const observability = new Observability(this, "observability", { location, names, telemetry: config.telemetry });
    const frontDoor = { resourceGroupName: names.resourceGroup, name: names.frontDoor, media };
    const cdn = config.frontDoor ? new FrontDoor(this, "front-door", frontDoor) : undefined;

    const identity = new AppIdentity(this, "identity", { location, name: names.identity, subscriptionId });
    const hostNames = [defaultHostName(names), ...config.hostNames];
    const settings: DeployedSettings = {
      ...settingsOf(config),
      ...originSettings(hostNames),
      ...identity.settings(),
      ...identity.bindHostStorage(host),
      ...identity.bindMedia(media),
      ...identity.bindSite(site),
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
      origins,
      hostNames,
      hasCertificates: config.hostNames.length > 0,
      scale: config.scale,
    });
    new MediaTopic(this, "topic", { location, name: names.mediaTopic, media, host, subscriptionId });
    new Alerting(this, "alerting", {
      location,
      names,
      subscriptionId,
      config: config.alerts,
      groupId: group.id,
      workspaceId: observability.workspace.id,
      mediaAccountId: media.account.id,
      siteAccountId: site.account.id,
      app,
      extras: {
        frontDoor: config.frontDoor,
        alwaysReady: Object.values(config.scale.alwaysReady).reduce((sum, count) => sum + count, 0),
      },
      vault,
    });
    for (const container of [host.packages, host.releases])
      assignRole(this, `deployer-${container.node.id}`, {
        role: "Storage Blob Data Contributor",
        scopeId: container.resourceManagerId,
        principalId: target.deployerObjectId,
        subscriptionId,
      });
    // The pipeline uploads the page.
    if (config.site.enabled)
      assignRole(this, "deployer-web", {
        role: "Storage Blob Data Contributor",
        scopeId: site.webContainerId,
        principalId: target.deployerObjectId,
        subscriptionId,
        dependsOn: [site.website],
      });

    // Values that Azure chooses and an operator needs. None is secret.
    const outputs = {
      app_url: `https://${app.hostName}`,
      site_url: site.url,
      workspace_id: observability.workspace.workspaceId,
    };
    for (const [name, value] of Object.entries(outputs)) new TerraformOutput(this, name, { value });
    tagResources(this, config.stage);
  }
}

/**
 * The event subscription, which can be created only when the code runs. Finds resources of the platform by name, so
 * that it does not read the platform's state.
 */
class EventsStack extends TerraformStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, "events");
    addProviders(this, "events", props);
    const { stage, alerts, region } = props.config;
    const names = namesOf(stage, props.target.subscriptionId, region);
    const group = new DataAzurermResourceGroup(this, "group", { name: names.resourceGroup });
    const { hostName } = new OriginalWritten(this, "original-written", { groupId: group.id, names });
    if (alerts.availability.enabled)
      new Availability(this, "availability", {
        location: { resourceGroupName: names.resourceGroup, location: region },
        names,
        config: alerts,
        groupId: group.id,
        hostName,
      });
    tagResources(this, stage);
  }
}

/** @param outdir the folder that synthesis writes to, with one folder for each stack */
export function createStacks(props: StackProps, outdir: string) {
  const app = new App({ outdir, stackTraces: false, context: {} });
  return { app, platform: new PlatformStack(app, props), events: new EventsStack(app, props) };
}
