// What can stand only once the code runs: events of the media account, delivered to the app.
import { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Construct } from "constructs";
import type { StackProps } from "./platform-stack.ts";
import { addProviders } from "./provider.ts";

export class EventsStack extends TerraformStack {
  constructor(scope: Construct, props: StackProps) {
    super(scope, "events");
    addProviders(this, "events", props);
  }
}
