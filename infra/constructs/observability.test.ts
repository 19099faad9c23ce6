// Telemetry, vault and Front Door: access, retention and cost.
import { describe, expect, it } from "vitest";
import { appOf, one, synthesized, target } from "../synthesized.fixture.ts";

const { platform } = synthesized();

describe("telemetry", () => {
  it("telemetry is accepted from identities only, with the argument names of the required provider", () => {
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

  it("telemetry has the daily cap and retention of the stage, by default 0.2 GB and 30 days", () => {
    const telemetry = { dailyCap: 1.5, retention: 90 } as const;
    for (const [stack, cap, days] of [
      [platform, 0.2, 30],
      [synthesized("production", { telemetry }).platform, 1.5, 90],
    ] as const) {
      const expected = { retention_in_days: days };
      expect(one(stack, "azurerm_application_insights")).toMatchObject({ ...expected, daily_data_cap_in_gb: 2 * cap });
      expect(one(stack, "azurerm_log_analytics_workspace")).toMatchObject({ ...expected, daily_quota_gb: cap });
    }
  });
});

describe("vault", () => {
  it("the vault uses roles instead of access policies, and contains no secret of Terraform", () => {
    const vault = one(platform, "azurerm_key_vault");
    expect(vault).toMatchObject({ rbac_authorization_enabled: true, tenant_id: target.tenantId, sku_name: "standard" });
    expect(vault).not.toHaveProperty("access_policy");
    expect(Object.keys(platform.resource).filter((type) => type.startsWith("azurerm_key_vault_"))).toEqual([]);
  });

  it("the vault keeps deleted secrets for 90 days in production, and for 7 days and purgeable in a preview", () => {
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

describe("Front Door", () => {
  it("the Front Door does not exist by default, since it costs a monthly fee", () => {
    expect(Object.keys(platform.resource).filter((type) => type.includes("frontdoor"))).toEqual([]);
  });

  it("the Front Door routes to the media account over TLS without a cache", () => {
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
