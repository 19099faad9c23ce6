// Storage accounts: no keys, no public access; versions and soft delete of what is private.
import { describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { builtInRoles } from "../role-assignment.ts";
import { all, appOf, type Block, one, synthesized, target } from "../synthesized.fixture.ts";

const { platform } = synthesized();

it("the stack has three storage accounts", () => {
  expect(all(platform, "azurerm_storage_account")).toHaveLength(3);
});

describe.each(["host", "media", "site"])("%s account", (name) => {
  const account = one(platform, "azurerm_storage_account", `${name}_`);

  it(`the ${name} account permits no key, no anonymous access and no old protocol`, () => {
    expect(account).toMatchObject({
      shared_access_key_enabled: false,
      default_to_oauth_authentication: true,
      local_user_enabled: false,
      allow_nested_items_to_be_public: false,
      cross_tenant_replication_enabled: false,
      https_traffic_only_enabled: true,
      min_tls_version: "TLS1_2",
    });
  });

  it(`the ${name} account has no block that Terraform can read only with a key`, () => {
    expect(account).not.toHaveProperty("queue_properties");
    expect(account).not.toHaveProperty("static_website");
  });
});

describe.each(["host", "media"])("%s account", (name) => {
  const account = one(platform, "azurerm_storage_account", `${name}_`);

  it(`the ${name} account keeps versions, and deleted blobs for a week`, () => {
    expect(account.blob_properties).toMatchObject({
      versioning_enabled: true,
      delete_retention_policy: { days: 7 },
      container_delete_retention_policy: { days: 7 },
    });
  });

  it(`the ${name} account has one lifecycle policy`, () => {
    const policies = all(platform, "azurerm_storage_management_policy");
    expect(policies.filter(({ storage_account_id }) => String(storage_account_id).includes(`.${name}_`))).toHaveLength(
      1,
    );
  });
});

describe("site account", () => {
  it("the site account keeps no version and no deleted blob, so that what is withdrawn is gone", () => {
    expect(one(platform, "azurerm_storage_account", "site_")).not.toHaveProperty("blob_properties");
    const policies = all(platform, "azurerm_storage_management_policy");
    expect(policies.filter(({ storage_account_id }) => String(storage_account_id).includes(".site_"))).toEqual([]);
  });

  it("the site account has a website, on before the app's role on its container", () => {
    const website = one(platform, "azurerm_storage_account_static_website", "site_");
    expect(website).toEqual({
      storage_account_id: expect.stringMatching(/^\$\{azurerm_storage_account\.site_\w+\.id\}$/),
      index_document: "index.html",
      error_404_document: "404.html",
    });
    const [id] = Object.keys(platform.resource.azurerm_storage_account_static_website ?? {});
    const role = one(platform, "azurerm_role_assignment", "identity_site-web_");
    expect(role.depends_on).toEqual([`azurerm_storage_account_static_website.${id}`]);
  });

  it("the site account without a page changes no origin and grants the pipeline nothing", () => {
    expect(readConfig("production").site).toEqual({ enabled: false });
    expect(readConfig("preview-7").site).toEqual(readConfig("production").site);
    expect(JSON.stringify(platform)).not.toContain("trimsuffix");
    expect(Object.keys(platform.resource.azurerm_role_assignment ?? {}).join()).not.toContain("deployer-web");
  });

  it.each([
    ["production", ["https://a.example"]],
    ["preview-7", []],
  ] as const)(
    "the site account with a page of %s and the origins %j admits its origin, and the pipeline to its container alone",
    (stage, own) => {
      const { platform } = synthesized(stage, { site: { enabled: true }, origins: [...own] });
      const origins = [
        ...own,
        expect.stringMatching(/^\$\{trimsuffix\(azurerm_storage_account\.site_\w+\.primary_web_endpoint, "\/"\)\}$/),
      ];
      const { app, settings } = appOf(platform);
      expect(app.body.properties.siteConfig.cors).toEqual({ allowedOrigins: origins, supportCredentials: false });
      const media = one<{ blob_properties: Block }>(platform, "azurerm_storage_account", "media_");
      expect(media.blob_properties.cors_rule).toMatchObject([{ allowed_origins: origins }]);
      // Pages there are not the console: they may not use the cookie of a session.
      expect(settings.APP_ORIGINS).not.toContain("trimsuffix");
      // No cycle: the account and its website refer to nothing else, and app and media to them.
      const account = Object.keys(platform.resource.azurerm_storage_account ?? {}).find((id) => id.startsWith("site_"));
      expect(JSON.stringify(one(platform, "azurerm_storage_account", "site_"))).not.toMatch(/\$\{(?!data\.)/);
      const [website] = Object.keys(platform.resource.azurerm_storage_account_static_website ?? {});
      expect(one(platform, "azurerm_role_assignment", "deployer-web")).toMatchObject({
        scope: `\${azurerm_storage_account.${account}.id}/blobServices/default/containers/$web`,
        principal_id: target.deployerObjectId,
        principal_type: "ServicePrincipal",
        role_definition_id: expect.stringContaining(builtInRoles["Storage Blob Data Contributor"]),
        depends_on: [`azurerm_storage_account_static_website.${website}`],
      });
      const before = all(synthesized(stage).platform, "azurerm_role_assignment");
      expect(all(platform, "azurerm_role_assignment")).toHaveLength(before.length + 1);
    },
  );

  it("the app receives the addresses of the site account", () => {
    const { settings } = appOf(platform);
    const account = /^\$\{azurerm_storage_account\.site_\w+\.primary_(blob|web)_endpoint\}$/;
    expect(account.exec(settings.SITE_BLOB_ENDPOINT ?? "")?.[1]).toBe("blob");
    expect(account.exec(settings.SITE_URL ?? "")?.[1]).toBe("web");
    expect(platform.output.site_url?.value).toBe(settings.SITE_URL);
  });
});

it("containers are private and created through the management plane", () => {
  const containers = all<Block & { name: string }>(platform, "azurerm_storage_container");
  expect(containers.map(({ name }) => name).sort()).toEqual([
    "dead-letters",
    "deploymentpackage",
    "images",
    "releases",
    "thumbnails",
    "uploads",
  ]);
  for (const container of containers) {
    expect(container).toMatchObject({
      container_access_type: "private",
      storage_account_id: expect.stringMatching(/^\$\{azurerm_storage_account\.(?:host|media)_[\w-]+\.id\}$/),
    });
    expect(container).not.toHaveProperty("storage_account_name");
  }
  expect(Object.keys(platform.resource).filter((type) => /storage_(?:table|blob|queue|share)$/.test(type))).toEqual([]);
});
