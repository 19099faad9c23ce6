// The blob service of one account: its client, which all of its containers share.
import type { TokenCredential } from "@azure/identity";
import type { BlobServiceClient } from "@azure/storage-blob";

/** The SDK and one client, loaded on first use so that counting a visit does not wait for it. */
export type BlobService = () => Promise<{
  readonly sdk: typeof import("@azure/storage-blob");
  readonly client: BlobServiceClient;
}>;

export function createBlobService(uri: string, credential: TokenCredential): BlobService {
  const retryOptions = { maxTries: 3, retryDelayInMs: 200, tryTimeoutInMs: 15_000 };
  let loaded: ReturnType<BlobService> | undefined;
  return () => {
    loaded ??= import("@azure/storage-blob").then((sdk) => ({
      sdk,
      client: new sdk.BlobServiceClient(uri, credential, { retryOptions }),
    }));
    return loaded;
  };
}

/** Reads a container's properties. Rejects when the store does not respond or the container does not exist. */
export async function checkContainer(service: BlobService, name: string, abortSignal: AbortSignal): Promise<void> {
  await (await service()).client.getContainerClient(name).getProperties({ abortSignal });
}
