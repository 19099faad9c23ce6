// Providers, their versions and the state backend of a stack. All log in with tokens; none has a key or secret.
import { AzurermProvider } from "@cdktf/provider-azurerm/lib/provider/index.js";
import { AzurermBackend } from "cdktf/lib/backends/azurerm-backend.js";
import type { TerraformStack } from "cdktf/lib/terraform-stack.js";
import { AzapiProvider } from "./azapi-provider.ts";
import type { StageConfig } from "./config-schema.ts";
import { stateOf } from "./naming.ts";
import { tagsOf } from "./tags.ts";

/** The subscription and identities of a deployment, from flags or the environment. */
export type Target = {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Object id of the deploying identity, which uploads packages. */
  readonly deployerObjectId: string;
  /** Name of the storage account with the Terraform state of all stages. */
  readonly stateAccount: string;
};

export interface StackProps {
  readonly config: StageConfig;
  readonly target: Target;
}

/** Adds both providers and the backend to a stack. */
export function addProviders(stack: TerraformStack, name: "platform" | "events", { config, target }: StackProps): void {
  const { subscriptionId, tenantId } = target;
  const keep = config.vault.purgeProtection;
  const azurerm = new AzurermProvider(stack, "azurerm", {
    subscriptionId,
    tenantId,
    features: [
      {
        // Keys are disabled, and azurerm could read queue and website settings only with a key.
        storage: [{ dataPlaneAvailable: false }],
        keyVault: [{ purgeSoftDeleteOnDestroy: !keep, recoverSoftDeletedKeyVaults: true }],
        logAnalyticsWorkspace: [{ permanentlyDeleteOnDestroy: !keep }],
        resourceGroup: [{ preventDeletionIfContainsResources: true }],
      },
    ],
    storageUseAzuread: true,
    resourceProviderRegistrations: "none",
  });
  // What Azure accepts and then fails to create is in the state, so that the next plan replaces it. Otherwise it would exist
  // outside of the state and block every later deployment. The bindings lack the argument.
  // https://github.com/hashicorp/terraform-provider-azurerm/blob/v4.81.0/internal/sdk/resource_id_callback.go
  azurerm.addOverride("features.0.persist_id_on_create_before_polling_for_completion", true);
  new AzapiProvider(stack, { subscriptionId, tenantId, tags: tagsOf(config.stage) });
  // The bindings pin the version that they were generated from, which lacks arguments that the stacks use.
  stack.addOverride("terraform.required_providers.azurerm", { source: "hashicorp/azurerm", version: "~> 4.81" });
  stack.addOverride("terraform.required_version", "~> 1.11");
  new AzurermBackend(stack, {
    storageAccountName: target.stateAccount,
    ...stateOf(config.stage, name),
    // ARM_USE_OIDC decides between the pipeline's token and a person's login.
    useOidc: true,
    useAzureadAuth: true,
  });
}
