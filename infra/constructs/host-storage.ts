// The account of the functions host: its locks and timers, the packages it runs, the events nobody took.
import type { StorageContainer } from "@cdktf/provider-azurerm/lib/storage-container/index.js";
import { Construct } from "constructs";
import { hostLifecycle } from "../lifecycle.ts";
import { deploymentContainers, type ResourceLocation } from "../naming.ts";
import { PrivateAccount } from "./private-account.ts";

export interface HostStorageProps {
  readonly location: ResourceLocation;
  readonly name: string;
}

export class HostStorage extends Construct {
  readonly account: PrivateAccount["account"];
  /** What runs. */
  readonly packages: StorageContainer;
  /** What ran and was good. */
  readonly releases: StorageContainer;
  readonly deadLetters: StorageContainer;
  /** Where the platform reads what it runs. */
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
