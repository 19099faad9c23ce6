// The Cosmos DB account, its tables and the app's data role.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TableClient } from "@azure/data-tables";
import { describe, expect, it } from "vitest";
import { tables } from "../../functions/lib/names.ts";
import { storeCalls } from "../store-calls.ts";
import { all, one, synthesized } from "../synthesized.fixture.ts";

const { platform } = synthesized();
const account = one(platform, "azurerm_cosmosdb_account");
const ACCOUNT_ID = /^\$\{azurerm_cosmosdb_account\.[\w-]+\.id\}$/;

describe("Cosmos DB account", () => {
  it("the Cosmos DB account is serverless for Table, without limits that serverless accounts ignore", () => {
    expect(account.capabilities).toEqual([{ name: "EnableServerless" }, { name: "EnableTable" }]);
    expect(account).not.toHaveProperty("capacity");
    expect(account).not.toHaveProperty("free_tier_enabled");
  });

  it("the Cosmos DB account permits no key, with the argument names of the required provider", () => {
    expect(account.local_authentication_enabled).toBe(false);
    expect(account).not.toHaveProperty("local_authentication_disabled");
    expect(account).toMatchObject({ access_key_metadata_writes_enabled: false, minimal_tls_version: "Tls12" });
  });

  it("the Cosmos DB account reads from a quorum, since clients without session tokens get stale reads otherwise", () => {
    const { consistency_level, max_interval_in_seconds, max_staleness_prefix } = account.consistency_policy as Record<
      string,
      unknown
    >;
    expect(consistency_level).toBe("BoundedStaleness");
    // The ranges of an account with one region; the provider validates neither at plan.
    expect(max_interval_in_seconds).toSatisfy((seconds: number) => seconds >= 5 && seconds <= 86_400);
    expect(max_staleness_prefix).toSatisfy((versions: number) => versions >= 10 && versions <= 2_147_483_647);
  });

  it("the Cosmos DB account has one region and seven days of continuous backup", () => {
    expect(account).toMatchObject({
      geo_location: [{ location: "swedencentral", failover_priority: 0 }],
      backup: { type: "Continuous", tier: "Continuous7Days" },
    });
  });

  it("the Cosmos DB account has every table of the code, without provisioned throughput", () => {
    const made = all(platform, "azurerm_cosmosdb_table");
    expect(made.map(({ name }) => name).sort()).toEqual(Object.values(tables).sort());
    for (const table of made)
      expect(Object.keys(table).sort()).toEqual(["account_name", "name", "resource_group_name"]);
  });
});

describe("data role of the app", () => {
  const native = all<{
    type: string;
    name: string;
    parent_id: string;
    body: { properties: Record<string, unknown> };
    depends_on?: string[];
    retry?: { error_message_regex: string[] };
  }>(platform, "azapi_resource").filter(({ type }) => type.startsWith("Microsoft.DocumentDB/"));
  const definition = native.find(({ type }) => type.includes("/tableRoleDefinitions@"));
  const assignments = native.filter(({ type }) => type.includes("/tableRoleAssignments@"));

  it("the app's data role covers exactly the TableClient methods that the functions call", () => {
    const source = globSync("functions/**/*.ts", { cwd: join(import.meta.dirname, "../..") })
      .filter((path) => !/\.(?:test|fixture|simulation)\.ts$/.test(path))
      .map((path) => readFileSync(join(import.meta.dirname, "../..", path), "utf8"))
      .join("\n");
    const methods = Object.getOwnPropertyNames(TableClient.prototype).filter((name) => name !== "constructor");
    const called = methods.filter((name) => new RegExp(`\\.${name}\\s*[(<]`).test(source));
    expect(called.sort()).toEqual(Object.keys(storeCalls).sort());
  });

  it("the app's data role permits exactly the data actions of those calls, and none that manages tables", () => {
    const properties = definition?.body.properties ?? {};
    const [{ dataActions, notDataActions }] = properties.permissions as [Record<string, string[]>];
    const needed = ["Microsoft.DocumentDB/databaseAccounts/readMetadata", ...Object.values(storeCalls).flat()];
    expect(new Set(dataActions)).toEqual(new Set(needed));
    expect(dataActions).toEqual([...new Set(dataActions)].sort());
    expect(dataActions?.filter((action) => /\*|\/tables\/(?:write|delete)|StoredProcedure/.test(action))).toEqual([]);
    expect(notDataActions).toEqual([]);
    expect(properties).toMatchObject({ type: "CustomRole", assignableScopes: [expect.stringMatching(ACCOUNT_ID)] });
  });

  it("the app's data role is assigned to the app's identity only, on this account", () => {
    expect(assignments.map(({ body }) => body.properties)).toEqual([
      {
        roleDefinitionId: expect.stringMatching(/^\$\{azapi_resource\.tables_role_\w+\.id\}$/),
        scope: expect.stringMatching(ACCOUNT_ID),
        principalId: expect.stringMatching(/^\$\{azurerm_user_assigned_identity\.identity_\w+\.principal_id\}$/),
      },
    ]);
  });

  it("the app's data role is created after the tables, and retried while the account is busy", () => {
    const made = Object.keys(platform.resource.azurerm_cosmosdb_table ?? {}).map(
      (id) => `azurerm_cosmosdb_table.${id}`,
    );
    expect(definition?.depends_on?.toSorted()).toEqual(made.sort());
    const error =
      "There is another user operation in progress which requires an exclusive lock on [it]. Please retry after sometime.";
    for (const { retry } of [definition, ...assignments].filter((it) => it !== undefined))
      expect(retry?.error_message_regex.some((words) => new RegExp(words).test(error))).toBe(true);
  });

  it("the app's data role uses the stable API version and names that are constant and unique per stage", () => {
    for (const { type, name, parent_id } of native) {
      expect(type).toMatch(/@2026-03-15$/);
      expect(name).toMatch(/^\$\{uuidv5\("url", "https:\/\/vitae-production-\w{5}\/\w+"\)\}$/);
      expect(parent_id).toMatch(ACCOUNT_ID);
    }
    expect(new Set(native.map(({ name }) => name)).size).toBe(native.length);
  });
});
