// What Terraform makes in Azure, made on the laptop: tables and containers. The app's identity may not make them itself.
import { TableServiceClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { containers, tables } from "../functions/lib/names.ts";

type Provisioned = { tablesUri: string; blobsUri: string; ca: string; token: (audience: string) => string };

/** Creates what is absent; what stands stays as it is. */
export async function provision({ tablesUri, blobsUri, ca, token }: Provisioned): Promise<void> {
  const credential = {
    // Azurite takes the audience of storage for tables, as the SDK asks it.
    getToken: async () => ({ token: token("https://storage.azure.com"), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  // The SDK for blobs passes these on, though its types do not name them.
  const options = { tlsOptions: { ca }, retryOptions: {} };
  const tableService = new TableServiceClient(tablesUri, credential, options);
  for (const name of Object.values(tables)) await tableService.createTable(name);
  const blobService = new BlobServiceClient(blobsUri, credential, options);
  // Private, which is the default: without a signature or a token nobody reads a blob.
  for (const name of Object.values(containers)) await blobService.getContainerClient(name).createIfNotExists();
}
