// Logs, vault and Front Door: who may send, what is kept for how long, and what it can cost.
import { describe, expect, it } from "vitest";
import { appOf, one, synthesized, target } from "../synthesized.fixture.ts";

const { platform } = synthesized();

describe("telemetry", () => {
  it("is taken from identities only, in the words of the provider that is asked for", () => {
    const insights = one(platform, "azurerm_application_insights");
    const workspace = one(platform, "azurerm_log_analytics_workspace");
    for (const it of [insights, workspace]) {
      expect(it.local_authentication_enabled).toBe(false);
      expect(it).not.toHaveProperty("local_authentication_disabled");
    }
    expect(insights.workspace_id).toMatch(/^\$\{azurerm_log_analytics_workspace\.[\w-]+\.id\}$/);
    expect(appOf(platform).settings.APPLICATIONINSIGHTS_CONNECTION_STRING).toMatch(
      /^\$\{azurerm_application_insights\./,
    );
  });

  it("has a daily cap, and is kept for a month, or as the stage says", () => {
    const telemetry = { dailyCap: 1.5, retention: 90 } as const;
    for (const [stack, cap, days] of [
      [platform, 0.2, 30],
      [synthesized("production", { telemetry }).platform, 1.5, 90],
    ] as const) {
      const expected = { retention_in_days: days };
      expect(one(stack, "azurerm_application_insights")).toMatchObject({ ...expected, daily_data_cap_in_gb: cap });
      expect(one(stack, "azurerm_log_analytics_workspace")).toMatchObject({ ...expected, daily_quota_gb: cap });
    }
  });
});

describe("the vault", () => {
  it("is opened by roles, never by policies, and holds nothing that Terraform wrote", () => {
    const vault = one(platform, "azurerm_key_vault");
    expect(vault).toMatchObject({ rbac_authorization_enabled: true, tenant_id: target.tenantId, sku_name: "standard" });
    expect(vault).not.toHaveProperty("access_policy");
    expect(Object.keys(platform.resource).filter((type) => type.startsWith("azurerm_key_vault_"))).toEqual([]);
  });

  it("gives back what was deleted for 90 days in production, and for a week in a preview, which can be purged", () => {
    expect(one(platform, "azurerm_key_vault")).toMatchObject({
      purge_protection_enabled: true,
      soft_delete_retention_days: 90,
    });
    expect(one(synthesized("preview-7").platform, "azurerm_key_vault")).toMatchObject({
      purge_protection_enabled: false,
      soft_delete_retention_days: 7,
    });
  });
});

describe("the Front Door", () => {
  it("is not there unless the stage asks, for it costs by the month", () => {
    expect(Object.keys(platform.resource).filter((type) => type.includes("frontdoor"))).toEqual([]);
  });

  it("leads to the pictures of the media account, over TLS, and keeps nothing that a link opened", () => {
    const stack = synthesized("production", { frontDoor: true }).platform;
    expect(one(stack, "azurerm_cdn_frontdoor_profile").sku_name).toBe("Standard_AzureFrontDoor");
    const host = expect.stringMatching(/^\$\{azurerm_storage_account\.media_[\w-]+\.primary_blob_host\}$/);
    expect(one(stack, "azurerm_cdn_frontdoor_origin")).toMatchObject({
      host_name: host,
      origin_host_header: host,
      certificate_name_check_enabled: true,
    });
    const route = one(stack, "azurerm_cdn_frontdoor_route");
    expect(route).toMatchObject({
      patterns_to_match: ["/images/*", "/thumbnails/*", "/uploads/*"],
      supported_protocols: ["Http", "Https"],
      https_redirect_enabled: true,
      forwarding_protocol: "HttpsOnly",
    });
    expect(route).not.toHaveProperty("cache");
  });
});
