// The app's identity. The call that gives the app a resource's address also assigns its role there.
import { UserAssignedIdentity } from "@cdktf/provider-azurerm/lib/user-assigned-identity/index.js";
import type { ITerraformDependable } from "cdktf/lib/terraform-dependable.js";
import { Construct } from "constructs";
import { secrets } from "../../functions/lib/names.ts";
import type { ResourceLocation } from "../naming.ts";
import { assignRole, type Role } from "../role-assignment.ts";
import type { Fragment } from "../settings.ts";
import type { CosmosTables } from "./cosmos-tables.ts";
import type { HostStorage } from "./host-storage.ts";
import type { MediaStorage } from "./media-storage.ts";
import type { Observability } from "./observability.ts";
import type { SiteStorage } from "./site-storage.ts";
import type { Vault } from "./vault.ts";

export interface AppIdentityProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
  readonly subscriptionId: string;
}

type HostNames =
  | "AzureWebJobsStorage__accountName"
  | "AzureWebJobsStorage__credential"
  | "AzureWebJobsStorage__clientId";
type MediaNames = "MEDIA__blobServiceUri" | "MEDIA__queueServiceUri" | "MEDIA__credential" | "MEDIA__clientId";
type TelemetryNames = "APPLICATIONINSIGHTS_CONNECTION_STRING" | "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

/** The one user-assigned identity of the app. Each `bind…` assigns roles and returns the settings that need them. */
export class AppIdentity extends Construct {
  readonly id: string;
  readonly clientId: string;
  readonly #principalId: string;
  readonly #subscriptionId: string;
  readonly #roles: ITerraformDependable[] = [];

  constructor(scope: Construct, id: string, { location, name, subscriptionId }: AppIdentityProps) {
    super(scope, id);
    const identity = new UserAssignedIdentity(this, "identity", { ...location, name });
    this.id = identity.id;
    this.clientId = identity.clientId;
    this.#principalId = identity.principalId;
    this.#subscriptionId = subscriptionId;
  }

  /** The assignments so far. A resource that runs as this identity depends on them. */
  get roles(): readonly ITerraformDependable[] {
    return this.#roles;
  }

  /** The settings that select this identity in the SDKs. */
  settings(): Fragment<"AZURE_CLIENT_ID" | "AZURE_TOKEN_CREDENTIALS"> {
    return { AZURE_CLIENT_ID: this.clientId, AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential" };
  }

  /** The host's own storage: packages, timers, leases, the blob trigger's queue, diagnostics. */
  bindHostStorage({ account }: HostStorage): Fragment<HostNames> {
    this.#assign("host-blobs", "Storage Blob Data Owner", account.id);
    this.#assign("host-queues", "Storage Queue Data Contributor", account.id);
    this.#assign("host-tables", "Storage Table Data Contributor", account.id);
    return {
      AzureWebJobsStorage__accountName: account.name,
      AzureWebJobsStorage__credential: "managedidentity",
      AzureWebJobsStorage__clientId: this.clientId,
    };
  }

  /** Images, the delegation keys that sign links, and the queue of failed thumbnails. */
  bindMedia({ account, images, thumbnails, uploads }: MediaStorage): Fragment<MediaNames> {
    this.#assign("media-delegator", "Storage Blob Delegator", account.id);
    this.#assign("media-queues", "Storage Queue Data Contributor", account.id);
    // Owner, which Microsoft documents for the identity of a blob trigger, and which index tags need.
    this.#assign("media-images", "Storage Blob Data Owner", images.resourceManagerId);
    this.#assign("media-thumbnails", "Storage Blob Data Contributor", thumbnails.resourceManagerId);
    // The app reads and removes. A link creates with the rights of the identity that requested its key.
    this.#assign("media-uploads", "Storage Blob Data Contributor", uploads.resourceManagerId);
    return {
      MEDIA__blobServiceUri: account.primaryBlobEndpoint,
      MEDIA__queueServiceUri: account.primaryQueueEndpoint,
      MEDIA__credential: "managedidentity",
      MEDIA__clientId: this.clientId,
    };
  }

  /** Public images, in the container of the website and nowhere else in its account. */
  bindSite(site: SiteStorage): Fragment<"SITE_BLOB_ENDPOINT" | "SITE_URL"> {
    this.#assign("site-web", "Storage Blob Data Contributor", site.webContainerId, [site.website]);
    return { SITE_BLOB_ENDPOINT: site.account.primaryBlobEndpoint, SITE_URL: site.url };
  }

  bindTables(tables: CosmosTables): Fragment<"TABLES_ENDPOINT"> {
    this.#roles.push(tables.assign(this, "tables", this.#principalId));
    return { TABLES_ENDPOINT: tables.endpoint };
  }

  /**
   * Reads, writes and disables versions of the signing keys, the only secret that the app uses. It needs no role on the
   * vault: versions are listed below their secret, with `vaults/secrets/readMetadata/action`.
   * https://learn.microsoft.com/azure/key-vault/general/rbac-guide
   */
  bindVault(vault: Vault): Fragment<"VAULT_URI"> {
    this.#assign("signing-keys", "Key Vault Secrets Officer", vault.secretId(secrets.signingKeys));
    return { VAULT_URI: vault.uri };
  }

  /** Host and app send telemetry as this identity. The connection string has the address; its key grants nothing. */
  bindTelemetry({ insights }: Observability): Fragment<TelemetryNames> {
    this.#assign("telemetry", "Monitoring Metrics Publisher", insights.id);
    return {
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${this.clientId};Authorization=AAD`,
    };
  }

  #assign(id: string, role: Role, scopeId: string, dependsOn: readonly ITerraformDependable[] = []): void {
    this.#roles.push(
      assignRole(this, id, {
        role,
        scopeId,
        dependsOn,
        principalId: this.#principalId,
        subscriptionId: this.#subscriptionId,
      }),
    );
  }
}
