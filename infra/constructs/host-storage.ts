// The storage account of the functions host.
import type { StorageContainer } from "@cdktf/provider-azurerm/lib/storage-container/index.js";
import { Construct } from "constructs";
import { hostLifecycle } from "../lifecycle.ts";
import { deploymentContainers, type ResourceLocation } from "../naming.ts";
import { PrivateAccount } from "./private-account.ts";

export interface HostStorageProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
}

/** Holds the host's locks and timers, the packages and the undelivered events. */
export class HostStorage extends Construct {
  readonly account: PrivateAccount["account"];
  /** The package that runs. */
  readonly packages: StorageContainer;
  /** Earlier packages, for a rollback. */
  readonly releases: StorageContainer;
  /** Events that Event Grid could not deliver. */
  readonly deadLetters: StorageContainer;
  /** URL of the container that the platform reads the package from. */
  readonly packageUrl: string;

  constructor(scope: Construct, id: string, props: HostStorageProps) {
    super(scope, id);
    const store = new PrivateAccount(this, "store", { ...props, lifecycle: hostLifecycle() });
    this.account = store.account;
    this.packages = store.container(deploymentContainers.package);
    this.releases = store.container(deploymentContainers.releases);
    this.deadLetters = store.container(deploymentContainers.deadLetters);
    // The endpoint ends with a slash.
    this.packageUrl = `${this.account.primaryBlobEndpoint}${this.packages.name}`;
  }
}
