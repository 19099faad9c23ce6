// The tags of a stage's resources, by which a bill can be split: previews share one group.
import type { TerraformStack } from "cdktf/lib/terraform-stack.js";
import type { Stage } from "./config-schema.ts";

export type Tags = Readonly<Record<"project" | "stage", string>>;

export const tagsOf = (stage: Stage): Tags => ({ project: "vitae", stage });

/** Tags every azurerm resource of the stack that takes tags. azapi has default tags, and azurerm has none. */
export function tagResources(stack: TerraformStack, stage: Stage): void {
  for (const construct of stack.node.findAll())
    if ("tagsInput" in construct) (construct as { tags?: Tags }).tags = tagsOf(stage);
}
