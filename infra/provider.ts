// Providers, their versions and the state of a stack: no key, no secret, no client that needs one.
import { AzurermProvider } from "@cdktf/provider-azurerm/lib/provider/index.js";
import { AzurermBackend } from "cdktf/lib/backends/azurerm-backend.js";
import type { TerraformStack } from "cdktf/lib/terraform-stack.js";
import { AzapiProvider } from "./azapi.ts";
import type { StageConfig } from "./config.ts";
import { stateOf } from "./naming.ts";

/** Where a stage goes. Known to who deploys, and in no file of the repository. */
export type Target = {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Object id of the identity that deploys: it hands packages to the app and keeps the good ones. */
  readonly deployerObjectId: string;
  /** The storage account with the Terraform state of all stages. */
  readonly stateAccount: string;
};

type Props = { readonly config: StageConfig; readonly target: Target };

/** What every stack begins with. */
export function addProviders(stack: TerraformStack, name: "platform" | "events", { config, target }: Props): void {
  const { subscriptionId, tenantId } = target;
  const keep = config.vault.purgeProtection;
  new AzurermProvider(stack, "azurerm", {
    subscriptionId,
    tenantId,
    features: [
      {
        // The account's keys are off, and the queue and web settings cannot be read without: leave them alone.
        storage: [{ dataPlaneAvailable: false }],
        keyVault: [{ purgeSoftDeleteOnDestroy: !keep, recoverSoftDeletedKeyVaults: true }],
        logAnalyticsWorkspace: [{ permanentlyDeleteOnDestroy: !keep }],
        resourceGroup: [{ preventDeletionIfContainsResources: true }],
      },
    ],
    storageUseAzuread: true,
    resourceProviderRegistrations: "none",
  });
  new AzapiProvider(stack, { subscriptionId, tenantId });
  // The bindings ask for exactly the version that they were made of, which lacks what is needed here.
  stack.addOverride("terraform.required_providers.azurerm", { source: "hashicorp/azurerm", version: "~> 4.81" });
  stack.addOverride("terraform.required_version", "~> 1.11");
  new AzurermBackend(stack, {
    storageAccountName: target.stateAccount,
    ...stateOf(config.stage, name),
    // How to log in (a pipeline's token or a person's) comes from ARM_USE_OIDC; a key is never among the ways.
    useOidc: true,
    useAzureadAuth: true,
  });
}
