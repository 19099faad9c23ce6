// The one credential everything is reached with: a managed identity in Azure and on the laptop alike.
import { DefaultAzureCredential, type TokenCredential } from "@azure/identity";

export type { TokenCredential };

/**
 * The chain also honours AZURE_TOKEN_CREDENTIALS, which deployments set to ManagedIdentityCredential so that
 * nothing else is tried.
 * Source: https://learn.microsoft.com/javascript/api/overview/azure/identity-readme
 * @param clientId client id of the user-assigned identity; the system-assigned one is used without it
 */
export function createCredential(clientId: string | undefined): DefaultAzureCredential {
  return clientId ? new DefaultAzureCredential({ managedIdentityClientId: clientId }) : new DefaultAzureCredential();
}
