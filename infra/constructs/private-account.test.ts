// Both storage accounts: opened by no key, read by nobody unasked, and what is deleted can be brought back for a while.
import { describe, expect, it } from "vitest";
import { all, type Block, one, synthesized } from "../synthesized.fixture.ts";

const { platform } = synthesized();

describe.each(["host", "media"])("the %s account", (name) => {
  const account = one(platform, "azurerm_storage_account", `${name}_`);

  it("is opened by no key, no anonymous reader and no old protocol", () => {
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

  it("keeps versions, and a week of what was deleted", () => {
    expect(account.blob_properties).toMatchObject({
      versioning_enabled: true,
      delete_retention_policy: { days: 7 },
      container_delete_retention_policy: { days: 7 },
    });
  });

  it("has no block that Terraform could read with a key only", () => {
    expect(account).not.toHaveProperty("queue_properties");
    expect(account).not.toHaveProperty("static_website");
  });

  it("has one policy for what ages", () => {
    const policies = all(platform, "azurerm_storage_management_policy");
    expect(policies.filter(({ storage_account_id }) => String(storage_account_id).includes(`.${name}_`))).toHaveLength(
      1,
    );
  });
});

it("containers are private, and reached through Azure's management by the account's id", () => {
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
