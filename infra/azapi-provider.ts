// Bindings of the provider Azure/azapi.
import { TerraformProvider } from "cdktf/lib/terraform-provider.js";
import type { Construct } from "constructs";

const VERSION = "~> 2.12";

type ProviderProps = {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Of every resource whose type takes tags, as the provider's schemas have it. */
  readonly tags: Readonly<Record<string, string>>;
};

export class AzapiProvider extends TerraformProvider {
  readonly #props: ProviderProps;

  constructor(scope: Construct, props: ProviderProps) {
    super(scope, "azapi", {
      terraformResourceType: "azapi",
      terraformGeneratorMetadata: { providerName: "azapi", providerVersionConstraint: VERSION },
      terraformProviderSource: "Azure/azapi",
    });
    this.#props = props;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return {
      subscription_id: this.#props.subscriptionId,
      tenant_id: this.#props.tenantId,
      default_tags: this.#props.tags,
      // npm run bootstrap registers them; a deployer may not.
      skip_provider_registration: true,
      // Otherwise the whole response of Azure would be stored in the state.
      disable_default_output: true,
    };
  }
}
