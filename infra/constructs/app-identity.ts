// The one identity of the app. What gives the app an address gives it the role there too, in one call.
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
import type { Vault } from "./vault.ts";

export interface AppIdentityProps {
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

  /** Every role given so far: what runs as this identity waits for them. */
  get roles(): readonly ITerraformDependable[] {
    return this.#roles;
  }

  /** Which identity the SDKs take a token from. */
  settings(): Fragment<"AZURE_CLIENT_ID" | "AZURE_TOKEN_CREDENTIALS"> {
    return { AZURE_CLIENT_ID: this.clientId, AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential" };
  }

  /** What the host keeps for itself: packages, timers, leases, the blob trigger's queue, its own diagnostics. */
  bindHostStorage({ account }: HostStorage): Fragment<HostNames> {
    this.#grant("host-blobs", "Storage Blob Data Owner", account.id);
    this.#grant("host-queues", "Storage Queue Data Contributor", account.id);
    this.#grant("host-tables", "Storage Table Data Contributor", account.id);
    return {
      AzureWebJobsStorage__accountName: account.name,
      AzureWebJobsStorage__credential: "managedidentity",
      AzureWebJobsStorage__clientId: this.clientId,
    };
  }

  /** Pictures, the keys that sign links to them, and the queue of those whose thumbnail failed. */
  bindMedia({ account, images, thumbnails, uploads }: MediaStorage): Fragment<MediaNames> {
    this.#grant("media-delegator", "Storage Blob Delegator", account.id);
    this.#grant("media-queues", "Storage Queue Data Contributor", account.id);
    // Owner because Contributor may not write index tags, by which pictures end.
    this.#grant("media-images", "Storage Blob Data Owner", images.resourceManagerId);
    this.#grant("media-uploads", "Storage Blob Data Owner", uploads.resourceManagerId);
    this.#grant("media-thumbnails", "Storage Blob Data Contributor", thumbnails.resourceManagerId);
    return {
      MEDIA__blobServiceUri: account.primaryBlobEndpoint,
      MEDIA__queueServiceUri: account.primaryQueueEndpoint,
      MEDIA__credential: "managedidentity",
      MEDIA__clientId: this.clientId,
    };
  }

  bindTables(tables: CosmosTables): Fragment<"TABLES_ENDPOINT"> {
    this.#roles.push(tables.assign(this, "tables", this.#principalId));
    return { TABLES_ENDPOINT: tables.endpoint };
  }

  /** Reads all secrets of the vault; of the signing keys it also writes new versions, to rotate them. */
  bindVault(vault: Vault): Fragment<"VAULT_URI"> {
    this.#grant("vault-secrets", "Key Vault Secrets User", vault.id);
    this.#grant("vault-signing-keys", "Key Vault Secrets Officer", vault.secret(secrets.signingKeys));
    return { VAULT_URI: vault.uri };
  }

  /** Host and app each send under this identity. The connection string says where to; its key opens nothing. */
  bindTelemetry({ insights }: Observability): Fragment<TelemetryNames> {
    this.#grant("telemetry", "Monitoring Metrics Publisher", insights.id);
    return {
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.connectionString,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${this.clientId};Authorization=AAD`,
    };
  }

  #grant(id: string, role: Role, on: string): void {
    this.#roles.push(assignRole(this, id, { role, on, to: this.#principalId, subscriptionId: this.#subscriptionId }));
  }
}
