// What can stand only once the code runs: events of the media account, delivered to the app.
import { DataAzurermResourceGroup } from "@cdktf/provider-azurerm/lib/data-azurerm-resource-group/index.js";
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import { OriginalWritten } from "./constructs/original-written.ts";
import { namesOf } from "./naming.ts";
import type { StackProps } from "./platform-stack.ts";
import { addProviders } from "./provider.ts";

/** Finds what the platform made by name: its state, with what is in it, stays unread. */
export class EventsStack extends TerraformStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, "events");
    addProviders(this, "events", props);
    const names = namesOf(props.config.stage, props.target.subscriptionId);
    const group = new DataAzurermResourceGroup(this, "group", { name: names.resourceGroup });
    new OriginalWritten(this, "original-written", { groupId: group.id, names });
  }
}
