// Both storage accounts: no keys, no public access, versions and soft delete.
import { describe, expect, it } from "vitest";
import { all, type Block, one, synthesized } from "../synthesized.fixture.ts";

const { platform } = synthesized();

describe.each(["host", "media"])("%s account", (name) => {
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

  it(`the ${name} account keeps versions, and deleted blobs for a week`, () => {
    expect(account.blob_properties).toMatchObject({
      versioning_enabled: true,
      delete_retention_policy: { days: 7 },
      container_delete_retention_policy: { days: 7 },
    });
  });

  it(`the ${name} account has no block that Terraform can read only with a key`, () => {
    expect(account).not.toHaveProperty("queue_properties");
    expect(account).not.toHaveProperty("static_website");
  });

  it(`the ${name} account has one lifecycle policy`, () => {
    const policies = all(platform, "azurerm_storage_management_policy");
    expect(policies.filter(({ storage_account_id }) => String(storage_account_id).includes(`.${name}_`))).toHaveLength(
      1,
    );
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
