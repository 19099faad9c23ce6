// A storage account without keys or public access, with its containers and lifecycle policy.
import {
  StorageAccount,
  type StorageAccountBlobProperties,
  type StorageAccountBlobPropertiesCorsRule,
} from "@cdktf/provider-azurerm/lib/storage-account/index.js";
import { StorageContainer } from "@cdktf/provider-azurerm/lib/storage-container/index.js";
import {
  StorageManagementPolicy,
  type StorageManagementPolicyRule,
} from "@cdktf/provider-azurerm/lib/storage-management-policy/index.js";
import { Construct } from "constructs";
import type { ResourceLocation } from "../naming.ts";

export interface AccountProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
  /** Versions, soft delete and CORS of blobs. @default none of them */
  readonly blobProperties?: StorageAccountBlobProperties;
}

/** An account that only identities, and links that they sign, can open. */
export function createAccount(
  scope: Construct,
  id: string,
  { location, name, blobProperties }: AccountProps,
): StorageAccount {
  return new StorageAccount(scope, id, {
    ...location,
    name,
    accountKind: "StorageV2",
    accountTier: "Standard",
    accountReplicationType: "LRS",
    sharedAccessKeyEnabled: false,
    defaultToOauthAuthentication: true,
    localUserEnabled: false,
    allowNestedItemsToBePublic: false,
    crossTenantReplicationEnabled: false,
    httpsTrafficOnlyEnabled: true,
    minTlsVersion: "TLS1_2",
    ...(blobProperties && { blobProperties }),
  });
}

export interface PrivateAccountProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
  readonly lifecycle: StorageManagementPolicyRule[];
  /** Access for browsers on other origins. @default none */
  readonly cors?: StorageAccountBlobPropertiesCorsRule;
}

/** Keeps versions, and deleted blobs for a week. Identities and signed links are the only ways in. */
export class PrivateAccount extends Construct {
  readonly account: StorageAccount;

  constructor(scope: Construct, id: string, { location, name, lifecycle, cors }: PrivateAccountProps) {
    super(scope, id);
    this.account = createAccount(this, "account", {
      location,
      name,
      blobProperties: {
        versioningEnabled: true,
        deleteRetentionPolicy: { days: 7 },
        containerDeleteRetentionPolicy: { days: 7 },
        ...(cors && { corsRule: [cors] }),
      },
    });
    new StorageManagementPolicy(this, "lifecycle", { storageAccountId: this.account.id, rule: lifecycle });
  }

  /** Created through the management plane by account id, so the deployer needs no data role. */
  container(name: string): StorageContainer {
    return new StorageContainer(this, name, {
      name,
      storageAccountId: this.account.id,
      containerAccessType: "private",
    });
  }
}
