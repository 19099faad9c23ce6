// The synthesized roles are exactly those of docs/security.md, and the app depends on them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { assignable } from "../../scripts/deploy/bootstrap/deployer-roles.ts";
import { builtInRoles } from "../role-assignment.ts";
import { dataActions } from "../store-calls.ts";
import { all, appOf, type StackJson, synthesized, target, texts } from "../synthesized.fixture.ts";

type Assignment = Readonly<Record<"scope" | "role_definition_id" | "principal_id" | "principal_type", string>>;

const DEFINITIONS = `/subscriptions/${target.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/`;

/** The name of a scope in the documentation. */
function scopeName(scope: string): string {
  const found = /^\$\{azurerm_(\w+)\.([\w-]+)\.(?:id|resource_manager_id)\}(?:\/secrets\/([\w-]+))?$/.exec(scope);
  const [, type = "", id = "", secret] = found ?? [];
  // Azure creates this container with the website, so no resource of the stack is it.
  const web = /^\$\{azurerm_storage_account\.site_\w+\.id\}\/blobServices\/default\/containers\/(\$web)$/.exec(scope);
  if (web) return `container \`${web[1]}\``;
  if (secret) return `secret \`${secret}\``;
  if (type === "storage_account") return `${id.split("_")[0]} account`;
  if (type === "storage_container") return `container \`${id.split("_")[2]}\``;
  const kinds: Record<string, string> = { key_vault: "vault", application_insights: "Application Insights" };
  return kinds[type] ?? `unknown: ${scope}`;
}

const principalName = (id: string) =>
  /^\$\{azurerm_user_assigned_identity\.identity_\w+\.principal_id\}$/.test(id)
    ? "app"
    : id === target.deployerObjectId
      ? "deployer"
      : /^\$\{azurerm_eventgrid_system_topic\./.test(id)
        ? "topic"
        : /^\$\{azurerm_user_assigned_identity\.alerting_notifier_identity_/.test(id)
          ? "notifier"
          : "unknown";

const names = Object.fromEntries(Object.entries(builtInRoles).map(([name, id]) => [id, name]));
const rolesOf = (stack: StackJson, to: string) =>
  all<Assignment>(stack, "azurerm_role_assignment")
    .filter(({ principal_id }) => principalName(principal_id) === to)
    .map(
      ({ scope, role_definition_id }) => `${scopeName(scope)}: ${names[role_definition_id.slice(DEFINITIONS.length)]}`,
    )
    .sort();

const security = readFileSync(join(import.meta.dirname, "../../docs/security.md"), "utf8");
/** Rows of the first table below a heading, without its header. */
function table(heading: string): string[][] {
  const [, rest = ""] = security.split(`\n## ${heading}\n`);
  const lines = (rest.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it("the deployer may assign each of these roles and no other", () => {
  expect(assignable.map(({ name, id }) => `${name} ${id}`).sort()).toEqual(
    Object.entries(builtInRoles)
      .map(([name, id]) => `${name} ${id}`)
      .sort(),
  );
});

describe.each(["production", "preview-7"] as const)("in %s", (stage) => {
  const { platform, events } = synthesized(stage);

  it(`${stage}: the app has the roles that docs/security.md lists, and no other`, () => {
    const listed = table("Roles").filter(([on]) => on !== "tables");
    expect(rolesOf(platform, "app")).toEqual(listed.map(([on, role]) => `${on}: ${role}`).sort());
  });

  it(`${stage}: the app has the data actions on tables that docs/security.md lists, and no other`, () => {
    const [row] = table("Roles").filter(([on]) => on === "tables");
    const listed = (row?.[1] ?? "").split(", ").map((action) => action.replaceAll("`", ""));
    expect(listed.sort()).toEqual(dataActions.map((action) => action.split("/databaseAccounts/")[1]).sort());
  });

  it(`${stage}: the app may use the signing keys, and no other secret of the vault`, () => {
    const onVault = rolesOf(platform, "app").filter((role) => /vault|secret/i.test(role));
    expect(onVault).toEqual(["secret `signing-keys`: Key Vault Secrets Officer"]);
  });

  it(`${stage}: the deployer may write packages and no data`, () => {
    expect(rolesOf(platform, "deployer")).toEqual([
      "container `deploymentpackage`: Storage Blob Data Contributor",
      "container `releases`: Storage Blob Data Contributor",
    ]);
  });

  it(`${stage}: the deployer is in the plan only as the holder of those roles, so that anyone gets the same plan`, () => {
    const paths = [...texts(platform), ...texts(events)].flatMap(([path, text]) =>
      text.includes(target.deployerObjectId) ? [path.replace(/^resource\.azurerm_role_assignment\.[^.]+\./, "")] : [],
    );
    expect(paths).toEqual(["principal_id", "principal_id"]);
  });

  it(`${stage}: the topic may write dead letters and nothing else`, () => {
    expect(rolesOf(platform, "topic")).toEqual(["container `dead-letters`: Storage Blob Data Contributor"]);
  });

  it(`${stage}: the notifier may read Slack's URL, and no other identity has a role`, () => {
    expect(rolesOf(platform, "notifier")).toEqual(
      stage === "production" ? ["secret `slack-webhook-url`: Key Vault Secrets User"] : [],
    );
    expect([...rolesOf(platform, "unknown"), ...all(events, "azurerm_role_assignment")]).toEqual([]);
  });

  it(`${stage}: every role is assigned to a service principal, in the form that Azure returns`, () => {
    const assignments = [
      ...all<Assignment>(platform, "azurerm_role_assignment"),
      ...all<Assignment>(events, "azurerm_role_assignment"),
    ];
    for (const { principal_type, role_definition_id } of assignments) {
      expect(principal_type).toBe("ServicePrincipal");
      expect(role_definition_id.startsWith(DEFINITIONS)).toBe(true);
      expect(Object.values(builtInRoles)).toContain(role_definition_id.slice(DEFINITIONS.length));
    }
  });

  it(`${stage}: the app depends on all of its role assignments`, () => {
    const assignments = Object.entries(platform.resource.azurerm_role_assignment ?? {});
    const ours = assignments
      .filter(([, it]) => principalName(String(it.principal_id)) === "app")
      .map(([id]) => `azurerm_role_assignment.${id}`);
    const table = Object.keys(platform.resource.azapi_resource ?? {}).filter((id) => id.startsWith("identity_tables_"));
    expect(table).toHaveLength(1);
    expect([...appOf(platform).app.depends_on].sort()).toEqual([...ours, `azapi_resource.${table[0]}`].sort());
  });
});
