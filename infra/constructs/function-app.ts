// The function app on Flex Consumption, through azapi: azurerm would put a connection string into its settings.
import { ServicePlan } from "@cdktf/provider-azurerm/lib/service-plan/index.js";
import { Construct } from "constructs";
import manifest from "../../package.json" with { type: "json" };
import { AzapiResource, AzapiUpdate } from "../azapi.ts";
import type { StageConfig } from "../config-schema.ts";
import type { Names, ResourceLocation } from "../naming.ts";
import type { DeployedSettings } from "../settings.ts";
import type { AppIdentity } from "./app-identity.ts";

export interface FunctionAppProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  /** Resource id of the stage's group. */
  readonly groupId: string;
  readonly names: Pick<Names, "plan" | "functionApp">;
  /** The identity that the app runs as. The app is created after all of its roles. */
  readonly identity: AppIdentity;
  readonly settings: DeployedSettings;
  /** URL of the container with the package. */
  readonly packageUrl: string;
  /** Sites whose scripts may read responses. */
  readonly origins: readonly string[];
  /** Host names whose origins are in the settings; the one that Azure chose must be among them. */
  readonly hostNames: readonly string[];
  /** The app can have certificates of its own domains, which Azure permits at its creation only. @default false */
  readonly hasCertificates?: boolean;
  readonly scale: StageConfig["scale"];
}

/** The ARM type of a function app, and the path of the host name that Azure chose. */
export const SITES = { type: "Microsoft.Web/sites@2025-03-01", hostName: "properties.defaultHostName" } as const;
const UNKNOWN_HOST =
  "Azure gave the app a host name that is not in its setting APP_ORIGINS, so browsers could not stay signed in there. Add the name (az functionapp list) to hostNames of the stage (overrides in infra/choices.json), and deploy again.";
/**
 * Azure rejects a change of an app while it makes another, and for a moment after it reported that one as done.
 * https://github.com/Azure/terraform-azurerm-avm-res-web-site/pull/272
 */
const TRANSIENT_ERRORS = ["another operation is in progress"];
const POLICIES = "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01";

/** A keyless app on its own plan. */
export class FunctionApp extends Construct {
  readonly id: string;
  readonly name: string;
  /** As Azure returns it: the host names of newer apps contain a hash. */
  readonly hostName: string;

  constructor(scope: Construct, id: string, props: FunctionAppProps) {
    super(scope, id);
    const { location, groupId, names, identity, settings, packageUrl, origins, hostNames, hasCertificates, scale } =
      props;
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
      transientErrors: TRANSIENT_ERRORS,
      // By default Azure deletes an empty plan with its last app, and the app that replaces this one needs it.
      // https://learn.microsoft.com/rest/api/appservice/web-apps/delete
      deleteQuery: { deleteEmptyServerFarm: "false" },
      lifecycle: {
        // Azure's portal adds tags. A plan that removed them would restart the app.
        // https://github.com/hashicorp/terraform-provider-azurerm/issues/16569
        ignoreChanges: ["tags"],
        // Its own settings cannot refer to a value that exists after it, so the name is computed before and compared here.
        postcondition: [
          {
            condition: `\${contains(${JSON.stringify(hostNames)}, lower(self.output.${SITES.hostName}))}`,
            errorMessage: UNKNOWN_HOST,
          },
        ],
      },
      // azapi 2.12 does not know siteScopedCertificatesEnabled. Without it, the body is validated.
      ...(hasCertificates && { schemaValidation: false }),
      body: {
        kind: "functionapp,linux",
        properties: {
          serverFarmId: plan.id,
          reserved: true,
          httpsOnly: true,
          clientAffinityEnabled: false,
          publicNetworkAccess: "Enabled",
          ...(hasCertificates && { siteScopedCertificatesEnabled: true }),
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
            appSettings: sortedList(settings),
          },
        },
      },
    });
    this.id = app.id;
    this.name = names.functionApp;
    this.hostName = app.output(SITES.hostName);
    const policy = { type: POLICIES, parentId: this.id, body: { properties: { allow: false } } };
    const ftp = new AzapiUpdate(this, "ftp", { ...policy, name: "ftp", transientErrors: TRANSIENT_ERRORS });
    // One after the other: each is a change of the app.
    new AzapiUpdate(this, "scm", { ...policy, name: "scm", transientErrors: TRANSIENT_ERRORS, dependsOn: [ftp] });
  }
}

/** Sorted by name, so that the order of the code causes no change in a plan. */
function sortedList(settings: DeployedSettings) {
  return Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
