// Bindings of the resources and data sources of azapi, for what azurerm lacks or gets wrong.
import { TerraformDataSource } from "cdktf/lib/terraform-data-source.js";
import { type TerraformMetaArguments, TerraformResource } from "cdktf/lib/terraform-resource.js";
import type { Construct } from "constructs";

const generator = { terraformGeneratorMetadata: { providerName: "azapi" } };

export interface AzapiResourceProps extends Pick<TerraformMetaArguments, "dependsOn" | "lifecycle"> {
  /** Type and API version, such as `Microsoft.Web/sites@2025-03-01`. */
  readonly type: string;
  readonly name: string;
  readonly parentId: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** @default none, as for child resources */
  readonly location?: string;
  /** User-assigned identities, by resource id. @default none */
  readonly identityIds?: readonly string[];
  /** Paths of Azure's response that are available as `output`. @default none */
  readonly exports?: readonly string[];
  /** Regular expressions of transient errors, in addition to 408, 429 and 5xx. @default none */
  readonly transientErrors?: readonly string[];
  /** False for a body with a property that the schemas of azapi lack. @default true */
  readonly schemaValidation?: boolean;
  /** Query parameters of the request that deletes the resource. @default none */
  readonly deleteQuery?: Readonly<Record<string, string>>;
}

/**
 * azapi repeats 408, 429 and 5xx until the change times out, which is after half an hour by default. With `retry` it also
 * repeats each error response that a pattern matches. It never repeats an operation that it polls and that fails.
 * https://github.com/Azure/terraform-provider-azapi/blob/v2.12.0/internal/clients/options.go
 */
const boundsOf = (transientErrors: readonly string[] | undefined) => ({
  timeouts: { create: "15m", update: "15m", delete: "15m" },
  retry: transientErrors && { error_message_regex: transientErrors, interval_seconds: 15, max_interval_seconds: 60 },
});

/** Any ARM resource, described by its ARM body. */
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

  /** A reference to an exported path, such as `properties.defaultHostName`. */
  output(path: string): string {
    return this.interpolationForAttribute(`output.${path}`).toString();
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const {
      type,
      name,
      parentId,
      location,
      identityIds,
      body,
      exports,
      transientErrors,
      deleteQuery,
      schemaValidation,
    } = this.#props;
    return {
      type,
      name,
      parent_id: parentId,
      location,
      identity: identityIds && [{ type: "UserAssigned", identity_ids: identityIds }],
      body,
      // Azure returns some values in another letter case, which every plan would show as a change.
      ignore_casing: true,
      schema_validation_enabled: schemaValidation,
      response_export_values: exports ?? [],
      delete_query_parameters:
        deleteQuery && Object.fromEntries(Object.entries(deleteQuery).map(([key, value]) => [key, [value]])),
      ...boundsOf(transientErrors),
    };
  }
}

type UpdateProps = Pick<AzapiResourceProps, "type" | "name" | "parentId" | "body" | "dependsOn" | "transientErrors">;

/** Sets properties of a resource that always exists below another one and cannot be created. */
export class AzapiUpdate extends TerraformResource {
  readonly #props: UpdateProps;

  constructor(scope: Construct, id: string, props: UpdateProps) {
    const { dependsOn } = props;
    super(scope, id, { terraformResourceType: "azapi_update_resource", ...generator, ...(dependsOn && { dependsOn }) });
    this.#props = props;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { type, name, parentId, body, transientErrors } = this.#props;
    return { type, name, parent_id: parentId, body, response_export_values: [], ...boundsOf(transientErrors) };
  }
}

type DataProps = Required<Pick<AzapiResourceProps, "type" | "name" | "parentId" | "exports">>;

/** Reads an existing resource. */
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
