// The Cosmos account for Table, its tables, and the data role that lets the app do what it does and no more.
import { CosmosdbAccount } from "@cdktf/provider-azurerm/lib/cosmosdb-account/index.js";
import { CosmosdbTable } from "@cdktf/provider-azurerm/lib/cosmosdb-table/index.js";
import { Fn } from "cdktf/lib/terraform-functions.js";
import { Construct } from "constructs";
import { tables } from "../../functions/lib/names.ts";
import { AzapiResource } from "../azapi.ts";
import { type ResourceLocation, tablesEndpoint } from "../naming.ts";
import { dataActions } from "../store-calls.ts";

export interface CosmosTablesProps {
  readonly location: ResourceLocation;
  readonly name: string;
}

const API = "2026-03-15";
/**
 * What Cosmos answers while the account is busy with another change, and of an identity that it does not know yet.
 * https://github.com/hashicorp/terraform-provider-azurerm/issues/15842 and 28070
 */
const PASSES = ["exclusive lock", "was not found in the AAD tenant"];

export class CosmosTables extends Construct {
  readonly account: CosmosdbAccount;
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
      // Neither can be added later.
      capabilities: [{ name: "EnableServerless" }, { name: "EnableTable" }],
      // One region, and who writes does so under the ETag that they read: more would cost and give nothing.
      consistencyPolicy: { consistencyLevel: "Session" },
      geoLocation: [{ location: location.location, failoverPriority: 0 }],
      backup: { type: "Continuous", tier: "Continuous7Days" },
      minimalTlsVersion: "Tls12",
      accessKeyMetadataWritesEnabled: false,
    });
    // The bindings know only the older name, which newer providers drop.
    this.account.addOverride("local_authentication_enabled", false);
    const made = Object.values(tables).map(
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
      // One change of the account after the other.
      dependsOn: made,
      transientErrors: PASSES,
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

  /** Gives the app's data role on all tables. */
  assign(scope: Construct, id: string, principalId: string): AzapiResource {
    return new AzapiResource(scope, id, {
      type: `Microsoft.DocumentDB/databaseAccounts/tableRoleAssignments@${API}`,
      name: this.#guid(id),
      parentId: this.account.id,
      transientErrors: PASSES,
      body: { properties: { roleDefinitionId: this.#role.id, scope: this.account.id, principalId } },
    });
  }

  /** Role and assignment are named by GUIDs, which must be the same at every apply. */
  #guid(of: string): string {
    return Fn.uuidv5("url", `https://${this.#name}/${of}`);
  }
}
