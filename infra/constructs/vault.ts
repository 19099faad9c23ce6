// The Key Vault: signing keys, the owner's password, Slack's address. Terraform neither writes nor reads any of them.
import { KeyVault } from "@cdktf/provider-azurerm/lib/key-vault/index.js";
import { Construct } from "constructs";
import type { StageConfig } from "../config.ts";
import type { ResourceLocation } from "../naming.ts";

export interface VaultProps {
  readonly location: ResourceLocation;
  readonly name: string;
  readonly tenantId: string;
  readonly retention: StageConfig["vault"];
}

export class Vault extends Construct {
  readonly id: string;
  readonly uri: string;

  constructor(scope: Construct, id: string, { location, name, tenantId, retention }: VaultProps) {
    super(scope, id);
    const vault = new KeyVault(this, "vault", {
      ...location,
      name,
      tenantId,
      skuName: "standard",
      // From the first apply on: changing to it later asks for more than a deployer may.
      rbacAuthorizationEnabled: true,
      purgeProtectionEnabled: retention.purgeProtection,
      softDeleteRetentionDays: retention.softDelete,
    });
    this.id = vault.id;
    this.uri = vault.vaultUri;
  }

  /** The resource id of one secret, which may not exist yet: a role on it can. */
  secret(name: string): string {
    return `${this.id}/secrets/${name}`;
  }
}
