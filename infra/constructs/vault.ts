// The Key Vault of signing keys, the owner's password and Slack's URL.
import { KeyVault } from "@cdktf/provider-azurerm/lib/key-vault/index.js";
import { Construct } from "constructs";
import type { StageConfig } from "../config-schema.ts";
import type { ResourceLocation } from "../naming.ts";

export interface VaultProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
  readonly tenantId: string;
  /** Soft delete and purge protection. */
  readonly retention: StageConfig["vault"];
}

/** A vault with role-based access. Terraform neither reads nor writes its secrets. */
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
      // A deployer may not switch an existing vault to role-based access.
      rbacAuthorizationEnabled: true,
      purgeProtectionEnabled: retention.purgeProtection,
      softDeleteRetentionDays: retention.softDelete,
    });
    this.id = vault.id;
    this.uri = vault.vaultUri;
  }

  /** The scope of a role on one secret and its versions. The secret may not exist yet: docs/decisions/015 */
  secretId(name: string): string {
    return `${this.id}/secrets/${name}`;
  }
}
