// Providers and state backend of each stack.
import { describe, expect, it } from "vitest";
import { synthesized, target, texts } from "./synthesized.fixture.ts";

describe.each(["production", "preview-7"] as const)("%s", (stage) => {
  describe.each(["platform", "events"] as const)("%s", (name) => {
    const stack = synthesized(stage)[name];

    it("the stack requires its own provider versions instead of the version of the bindings", () => {
      expect(stack.terraform.required_providers).toEqual({
        azurerm: { source: "hashicorp/azurerm", version: "~> 4.81" },
        azapi: { source: "Azure/azapi", version: "~> 2.12" },
      });
      expect(stack.terraform.required_version).toBe("~> 1.11");
    });

    it("the stack keeps its state in Azure and reaches it with an identity", () => {
      expect(stack.terraform.backend).toEqual({
        azurerm: {
          storage_account_name: target.stateAccount,
          container_name: stage === "production" ? "production" : "preview",
          key: `${stage}/${name}.tfstate`,
          use_oidc: true,
          use_azuread_auth: true,
        },
      });
    });

    it("the stack configures both providers without a secret and without provider registration", () => {
      const { subscriptionId, tenantId } = target;
      expect(stack.provider.azurerm).toHaveLength(1);
      expect(stack.provider.azurerm?.[0]).toMatchObject({
        subscription_id: subscriptionId,
        tenant_id: tenantId,
        storage_use_azuread: true,
        resource_provider_registrations: "none",
        features: [
          {
            persist_id_on_create_before_polling_for_completion: true,
            storage: [{ data_plane_available: false }],
            key_vault: [
              { purge_soft_delete_on_destroy: stage !== "production", recover_soft_deleted_key_vaults: true },
            ],
          },
        ],
      });
      expect(stack.provider.azapi).toEqual([
        {
          subscription_id: subscriptionId,
          tenant_id: tenantId,
          default_tags: { project: "vitae", stage },
          skip_provider_registration: true,
          disable_default_output: true,
        },
      ]);
    });

    it("the stack contains no unresolved token", () => {
      expect(texts(stack).filter(([, text]) => /TfToken|undefined|\[object/.test(text))).toEqual([]);
    });
  });
});

it("synthesis is reproducible", () => {
  const first = JSON.stringify(synthesized("preview-8"));
  const second = JSON.stringify(synthesized("preview-8", { frontDoor: false }));
  expect(second).toBe(first);
});
