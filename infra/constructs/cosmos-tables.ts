// The Cosmos DB account for Table with its tables and the app's data role.
import { CosmosdbAccount } from "@cdktf/provider-azurerm/lib/cosmosdb-account/index.js";
import { CosmosdbTable } from "@cdktf/provider-azurerm/lib/cosmosdb-table/index.js";
import { Fn } from "cdktf/lib/terraform-functions.js";
import { Construct } from "constructs";
import { tables } from "../../functions/lib/names.ts";
import { AzapiResource } from "../azapi.ts";
import { type ResourceLocation, tablesEndpoint } from "../naming.ts";
import { dataActions } from "../store-calls.ts";

export interface CosmosTablesProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
}

const API = "2026-03-15";
/**
 * The error of Cosmos DB while another change of the account runs. That an identity has not propagated yet is the outcome
 * of an operation, which cannot be retried; by then the account was created, and the identity is minutes old.
 * https://github.com/hashicorp/terraform-provider-azurerm/issues/15842
 */
const TRANSIENT_ERRORS = ["exclusive lock"];

/**
 * The least that Azure accepts with one region. In that region reads come from a quorum whatever the bounds are.
 * https://learn.microsoft.com/azure/cosmos-db/consistency-levels
 */
const STALENESS = { maxIntervalInSeconds: 5, maxStalenessPrefix: 10 };

/** A serverless, keyless account with every table of the code. */
export class CosmosTables extends Construct {
  readonly account: CosmosdbAccount;
  /** URL for the table client. */
  readonly endpoint: string;
  readonly #name: string;
  readonly #role: AzapiResource;

  constructor(scope: Construct, id: string, { location, name }: CosmosTablesProps) {
    super(scope, id);
    this.#name = name;
    this.account = new CosmosdbAccount(this, "account", {
      ...location,
      name,
      kind: "GlobalDocumentDB",
      offerType: "Standard",
      // Neither capability can be added later.
      capabilities: [{ name: "EnableServerless" }, { name: "EnableTable" }],
      // Session would be eventual here: the table SDK sends no session token. docs/decisions/018
      consistencyPolicy: { consistencyLevel: "BoundedStaleness", ...STALENESS },
      geoLocation: [{ location: location.location, failoverPriority: 0 }],
      backup: { type: "Continuous", tier: "Continuous7Days" },
      minimalTlsVersion: "Tls12",
      accessKeyMetadataWritesEnabled: false,
    });
    // The bindings have only the older name, which newer providers remove.
    this.account.addOverride("local_authentication_enabled", false);
    const created = Object.values(tables).map(
      (table) =>
        new CosmosdbTable(this, table, {
          name: table,
          resourceGroupName: location.resourceGroupName,
          accountName: this.account.name,
        }),
    );
    this.#role = new AzapiResource(this, "role", {
      type: `Microsoft.DocumentDB/databaseAccounts/tableRoleDefinitions@${API}`,
      name: this.#guid("role"),
      parentId: this.account.id,
      // Cosmos DB accepts one change of the account at a time.
      dependsOn: created,
      transientErrors: TRANSIENT_ERRORS,
      body: {
        properties: {
          roleName: "Vitae app",
          type: "CustomRole",
          assignableScopes: [this.account.id],
          permissions: [{ dataActions, notDataActions: [] }],
        },
      },
    });
    this.endpoint = tablesEndpoint({ cosmosAccount: name });
  }

  /** Assigns the app's data role on all tables. */
  assign(scope: Construct, id: string, principalId: string): AzapiResource {
    return new AzapiResource(scope, id, {
      type: `Microsoft.DocumentDB/databaseAccounts/tableRoleAssignments@${API}`,
      name: this.#guid(id),
      parentId: this.account.id,
      transientErrors: TRANSIENT_ERRORS,
      body: { properties: { roleDefinitionId: this.#role.id, scope: this.account.id, principalId } },
    });
  }

  /** The GUID that names a role or an assignment; it is the same at every apply. */
  #guid(key: string): string {
    return Fn.uuidv5("url", `https://${this.#name}/${key}`);
  }
}
