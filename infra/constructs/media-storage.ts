// The account of the pictures: originals, thumbnails, staged uploads, and what browsers may do with links to them.
import type { StorageContainer } from "@cdktf/provider-azurerm/lib/storage-container/index.js";
import { Construct } from "constructs";
import { containers } from "../../functions/lib/names.ts";
import type { StageConfig } from "../config.ts";
import { mediaLifecycle } from "../lifecycle.ts";
import { deploymentContainers, type ResourceLocation } from "../naming.ts";
import { PrivateAccount } from "./private-account.ts";

export interface MediaStorageProps {
  readonly location: ResourceLocation;
  readonly name: string;
  readonly origins: readonly string[];
  readonly lifecycle: StageConfig["lifecycle"];
}

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
        // A link decides whether it reads or creates; this only lets a page use it.
        allowedMethods: ["GET", "HEAD", "PUT"],
        allowedHeaders: ["x-ms-*", "content-type"],
        exposedHeaders: ["ETag", "x-ms-request-id"],
        maxAgeInSeconds: 3600,
      },
    });
    this.account = store.account;
    this.images = store.container(containers.images);
    this.thumbnails = store.container(containers.thumbnails);
    this.uploads = store.container(deploymentContainers.uploads);
  }
}
