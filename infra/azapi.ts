// The binding of the one provider that has none: Azure/azapi, for what azurerm cannot do or does wrongly.
import { TerraformDataSource } from "cdktf/lib/terraform-data-source.js";
import { TerraformProvider } from "cdktf/lib/terraform-provider.js";
import { type TerraformMetaArguments, TerraformResource } from "cdktf/lib/terraform-resource.js";
import type { Construct } from "constructs";

const VERSION = "~> 2.12";
const generator = { terraformGeneratorMetadata: { providerName: "azapi" } };

type ProviderProps = { readonly subscriptionId: string; readonly tenantId: string };

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
      // Registered once, by who owns the subscription: a deployer may not.
      skip_provider_registration: true,
      // Or everything that Azure answers would be kept in the state.
      disable_default_output: true,
    };
  }
}

export interface AzapiResourceProps extends Pick<TerraformMetaArguments, "dependsOn" | "lifecycle"> {
  /** With its API version: `Microsoft.Web/sites@2025-03-01`. */
  readonly type: string;
  readonly name: string;
  readonly parentId: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** @default none, as child resources have none */
  readonly location?: string;
  /** User-assigned identities, by resource id. @default none */
  readonly identityIds?: readonly string[];
  /** Paths of Azure's answer to be kept as `output`. @default none */
  readonly exports?: readonly string[];
  /** Words of refusals that pass, as regular expressions: tried again after 15 seconds, and ever more rarely. @default none */
  readonly transientErrors?: readonly string[];
}

/** A resource of any type, as ARM knows it. */
export class AzapiResource extends TerraformResource {
  readonly #props: AzapiResourceProps;

  constructor(scope: Construct, id: string, props: AzapiResourceProps) {
    const { dependsOn, lifecycle } = props;
    super(scope, id, {
      terraformResourceType: "azapi_resource",
      ...generator,
      ...(dependsOn && { dependsOn }),
      ...(lifecycle && { lifecycle }),
    });
    this.#props = props;
  }

  get id(): string {
    return this.getStringAttribute("id");
  }

  /** What was exported under a path, such as `properties.defaultHostName`. */
  output(path: string): string {
    return this.interpolationForAttribute(`output.${path}`).toString();
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { type, name, parentId, location, identityIds, body, exports, transientErrors } = this.#props;
    return {
      type,
      name,
      parent_id: parentId,
      location,
      identity: identityIds && [{ type: "UserAssigned", identity_ids: identityIds }],
      body,
      // Azure answers some values in another letter case, which would be a difference for ever.
      ignore_casing: true,
      response_export_values: exports ?? [],
      retry: transientErrors && {
        error_message_regex: transientErrors,
        interval_seconds: 15,
        max_interval_seconds: 60,
      },
    };
  }
}

type UpdateProps = Pick<AzapiResourceProps, "type" | "name" | "parentId" | "body">;

/** What always exists below another resource and cannot be created: only its properties are set. */
export class AzapiUpdate extends TerraformResource {
  readonly #props: UpdateProps;

  constructor(scope: Construct, id: string, props: UpdateProps) {
    super(scope, id, { terraformResourceType: "azapi_update_resource", ...generator });
    this.#props = props;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { type, name, parentId, body } = this.#props;
    return { type, name, parent_id: parentId, body, response_export_values: [] };
  }
}

type DataProps = Required<Pick<AzapiResourceProps, "type" | "name" | "parentId" | "exports">>;

/** What exists already, read. */
export class AzapiData extends TerraformDataSource {
  readonly #props: DataProps;

  constructor(scope: Construct, id: string, props: DataProps) {
    super(scope, id, { terraformResourceType: "azapi_resource", ...generator });
    this.#props = props;
  }

  output(path: string): string {
    return this.interpolationForAttribute(`output.${path}`).toString();
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { type, name, parentId, exports } = this.#props;
    return { type, name, parent_id: parentId, response_export_values: exports };
  }
}

interface AzapiActionProps {
  /** Type of the resource that has the action, with its API version. */
  readonly type: string;
  readonly resourceId: string;
  /** Name of the action, such as `listCallbackUrl`. */
  readonly action: string;
  /** Paths of the response to keep as `sensitive_output`. */
  readonly sensitiveExports: readonly string[];
}

/** Calls an action that reads a secret of a resource. Terraform marks the value as sensitive. */
export class AzapiAction extends TerraformDataSource {
  readonly #props: AzapiActionProps;

  constructor(scope: Construct, id: string, props: AzapiActionProps) {
    super(scope, id, { terraformResourceType: "azapi_resource_action", ...generator });
    this.#props = props;
  }

  sensitiveOutput(path: string): string {
    return this.interpolationForAttribute(`sensitive_output.${path}`).toString();
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { type, resourceId, action, sensitiveExports } = this.#props;
    return {
      type,
      resource_id: resourceId,
      action,
      response_export_values: [],
      sensitive_response_export_values: sensitiveExports,
    };
  }
}
