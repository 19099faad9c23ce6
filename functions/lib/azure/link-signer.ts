// Signs links to blobs with a user-delegation key. No network call, and no account key anywhere.
import type { BlobService } from "./blob-service.ts";
import type { DelegationKey, Validity } from "./delegation-keys.ts";

export type UnsignedLink = Validity & {
  readonly container: string;
  readonly blob: string;
  /** SAS permission letters. */
  readonly permissions: string;
};

/** @returns the URL with its signature */
export type LinkSigner = (link: UnsignedLink, key: DelegationKey) => Promise<string>;

/** @param baseUrl prefix of /container/blob in the links; by default the store's own URL */
export function createLinkSigner(service: BlobService, baseUrl: string | undefined): LinkSigner {
  return async ({ container, blob, permissions, startsAt, expiresAt }, { key }) => {
    const { client, sdk } = await service();
    // The local store is reached over plain HTTP, through the local host.
    const isLocal = new URL(client.url).hostname === "127.0.0.1";
    const query = sdk.generateBlobSASQueryParameters(
      {
        containerName: container,
        blobName: blob,
        permissions: sdk.BlobSASPermissions.parse(permissions),
        startsOn: new Date(startsAt),
        expiresOn: new Date(expiresAt),
        ...(!isLocal && { protocol: sdk.SASProtocol.Https }),
      },
      key,
      client.accountName,
    );
    const url = client.getContainerClient(container).getBlobClient(blob).url;
    const storeUrl = client.url.replace(/\/+$/, "");
    return `${baseUrl?.replace(/\/+$/, "") ?? storeUrl}${url.slice(storeUrl.length)}?${query}`;
  };
}
