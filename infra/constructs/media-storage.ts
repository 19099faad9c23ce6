// The storage account of the images.
import type { StorageContainer } from "@cdktf/provider-azurerm/lib/storage-container/index.js";
import { Construct } from "constructs";
import { containers } from "../../functions/lib/names.ts";
import type { StageConfig } from "../config-schema.ts";
import { mediaLifecycle } from "../lifecycle.ts";
import type { ResourceLocation } from "../naming.ts";
import { PrivateAccount } from "./private-account.ts";

export interface MediaStorageProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
  /** Sites whose pages may use links. */
  readonly origins: readonly string[];
  /** Days until blobs move to cheaper tiers. */
  readonly lifecycle: StageConfig["lifecycle"];
}

/** Private containers of originals, thumbnails and direct uploads, with CORS for links and a lifecycle policy. */
export class MediaStorage extends Construct {
  readonly account: PrivateAccount["account"];
  readonly images: StorageContainer;
  readonly thumbnails: StorageContainer;
  readonly uploads: StorageContainer;

  constructor(scope: Construct, id: string, { location, name, origins, lifecycle }: MediaStorageProps) {
    super(scope, id);
    const store = new PrivateAccount(this, "store", {
      location,
      name,
      lifecycle: mediaLifecycle(lifecycle),
      cors: {
        allowedOrigins: [...origins],
        // The permissions of a link are in its signature; CORS only lets a page use the link.
        allowedMethods: ["GET", "HEAD", "PUT"],
        allowedHeaders: ["x-ms-*", "content-type"],
        exposedHeaders: ["ETag", "x-ms-request-id"],
        maxAgeInSeconds: 3600,
      },
    });
    this.account = store.account;
    this.images = store.container(containers.images);
    this.thumbnails = store.container(containers.thumbnails);
    this.uploads = store.container(containers.uploads);
  }
}
