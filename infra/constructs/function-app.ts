// The function app on Flex Consumption, by ARM's own words: azurerm would leave a connection string in its settings.
import { ServicePlan } from "@cdktf/provider-azurerm/lib/service-plan/index.js";
import { Construct } from "constructs";
import manifest from "../../package.json" with { type: "json" };
import { AzapiResource, AzapiUpdate } from "../azapi.ts";
import type { StageConfig } from "../config.ts";
import type { Names, ResourceLocation } from "../naming.ts";
import type { DeployedSettings } from "../settings.ts";
import type { AppIdentity } from "./app-identity.ts";

export interface FunctionAppProps {
  readonly location: ResourceLocation;
  readonly groupId: string;
  readonly names: Pick<Names, "plan" | "functionApp">;
  /** It runs as this, and does not stand before all of its roles do. */
  readonly identity: AppIdentity;
  readonly settings: DeployedSettings;
  /** Where the package lies that runs. */
  readonly packageUrl: string;
  readonly origins: readonly string[];
  readonly scale: StageConfig["scale"];
}

/** The type of a function app, and the property that has the host name which Azure chose. */
export const SITES = { type: "Microsoft.Web/sites@2025-03-01", hostName: "properties.defaultHostName" } as const;
const POLICIES = "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01";

export class FunctionApp extends Construct {
  readonly id: string;
  readonly name: string;
  /** Never made up of the name: newer apps have a hash of Azure's in it. */
  readonly hostName: string;

  constructor(scope: Construct, id: string, props: FunctionAppProps) {
    super(scope, id);
    const { location, groupId, names, identity, settings, packageUrl, origins, scale } = props;
    const plan = new ServicePlan(this, "plan", { ...location, name: names.plan, osType: "Linux", skuName: "FC1" });
    const alwaysReady = Object.entries(scale.alwaysReady).map(([name, instanceCount]) => ({ name, instanceCount }));
    const app = new AzapiResource(this, "app", {
      type: SITES.type,
      name: names.functionApp,
      parentId: groupId,
      location: location.location,
      identityIds: [identity.id],
      dependsOn: [...identity.roles],
      exports: [SITES.hostName],
      body: {
        kind: "functionapp,linux",
        properties: {
          serverFarmId: plan.id,
          reserved: true,
          httpsOnly: true,
          clientAffinityEnabled: false,
          publicNetworkAccess: "Enabled",
          functionAppConfig: {
            deployment: {
              storage: {
                type: "blobContainer",
                value: packageUrl,
                authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identity.id },
              },
            },
            runtime: { name: "node", version: String(Number.parseInt(manifest.devDependencies.node, 10)) },
            scaleAndConcurrency: {
              maximumInstanceCount: scale.maximumInstances,
              instanceMemoryMB: scale.instanceMemory,
              triggers: { http: { perInstanceConcurrency: scale.httpConcurrency } },
              ...(alwaysReady.length > 0 && { alwaysReady }),
            },
          },
          siteConfig: {
            minTlsVersion: "1.2",
            scmMinTlsVersion: "1.2",
            http20Enabled: true,
            cors: { allowedOrigins: [...origins], supportCredentials: false },
            appSettings: listed(settings),
          },
        },
      },
    });
    this.id = app.id;
    this.name = names.functionApp;
    this.hostName = app.output(SITES.hostName);
    for (const name of ["ftp", "scm"])
      new AzapiUpdate(this, name, { type: POLICIES, name, parentId: this.id, body: { properties: { allow: false } } });
  }
}

/** By name, so that the order in which they are written changes nothing. */
function listed(settings: DeployedSettings) {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
