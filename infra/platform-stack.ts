// Everything that stands before the code runs.
import { DataAzurermResourceGroup } from "@cdktf/provider-azurerm/lib/data-azurerm-resource-group/index.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import type { StageConfig } from "./config.ts";
import { namesOf } from "./naming.ts";
import { addProviders, type Target } from "./provider.ts";

export interface StackProps {
  readonly config: StageConfig;
  readonly target: Target;
}

/** Where resources stand: spread into each. */
export type Place = { readonly resourceGroupName: string; readonly location: string };

export class PlatformStack extends TerraformStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, "platform");
    addProviders(this, "platform", props);
    const { config, target } = props;
    const names = namesOf(config.stage, target.subscriptionId);
    const group = new DataAzurermResourceGroup(this, "group", { name: names.resourceGroup });
    void group;
  }
}
