// The one credential for every service: a managed identity, in Azure and on a laptop.
import { DefaultAzureCredential, type TokenCredential } from "@azure/identity";

export type { TokenCredential };

/**
 * Deployments set AZURE_TOKEN_CREDENTIALS to ManagedIdentityCredential, so that the chain tries nothing else.
 * Source: https://learn.microsoft.com/javascript/api/overview/azure/identity-readme
 * @param clientId client id of the user-assigned identity; by default the system-assigned one is used
 */
export function createCredential(clientId: string | undefined): DefaultAzureCredential {
  return clientId ? new DefaultAzureCredential({ managedIdentityClientId: clientId }) : new DefaultAzureCredential();
}
