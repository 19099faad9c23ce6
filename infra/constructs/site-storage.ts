// The storage account of the static website: what anyone may read.
import type { StorageAccount } from "@cdktf/provider-azurerm/lib/storage-account/index.js";
import { StorageAccountStaticWebsiteA } from "@cdktf/provider-azurerm/lib/storage-account-static-website/index.js";
import { Fn } from "cdktf/lib/terraform-functions.js";
import { Construct } from "constructs";
import { SITE_CONTAINER } from "../../functions/lib/names.ts";
import type { ResourceLocation } from "../naming.ts";
import { createAccount } from "./private-account.ts";

export interface SiteStorageProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
}

/**
 * An account of its own, without versions and soft delete: what is withdrawn must be gone, and lifecycle rules do not
 * reach `$web`. The blob service stays private; only the website serves the container to anyone.
 * https://learn.microsoft.com/azure/storage/blobs/storage-blob-static-website
 */
export class SiteStorage extends Construct {
  readonly account: StorageAccount;
  /** Turns the website on, which creates the container `$web`. Uses the deployer's token: the account has no keys. */
  readonly website: StorageAccountStaticWebsiteA;
  /** Resource id of `$web`. It exists after `website`. */
  readonly webContainerId: string;
  /** Address of the website, with a slash at its end. */
  readonly url: string;
  /** The address as browsers send it in `Origin`, and as CORS compares it: without the slash. */
  readonly origin: string;

  constructor(scope: Construct, id: string, { location, name }: SiteStorageProps) {
    super(scope, id);
    this.account = createAccount(this, "account", { location, name });
    this.website = new StorageAccountStaticWebsiteA(this, "website", {
      storageAccountId: this.account.id,
      indexDocument: "index.html",
      error404Document: "404.html",
    });
    this.webContainerId = `${this.account.id}/blobServices/default/containers/${SITE_CONTAINER}`;
    this.url = this.account.primaryWebEndpoint;
    this.origin = Fn.trimsuffix(this.url, "/");
  }
}
