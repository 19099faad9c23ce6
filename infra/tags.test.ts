// The tags of every resource that takes tags.
import { describe, expect, it } from "vitest";
import { appOf, type Block, type StackJson, synthesized } from "./synthesized.fixture.ts";

/** The bindings of a type, which know its arguments: a class with a setter for each. */
async function takesTags(type: string): Promise<boolean> {
  const module = `@cdktf/provider-azurerm/lib/${type.replace("azurerm_", "").replaceAll("_", "-")}/index.js`;
  const bindings = Object.values(await import(module)) as { tfResourceType?: string; prototype: object }[];
  const resource = bindings.find(({ tfResourceType }) => tfResourceType === type);
  if (!resource) throw new Error(`The bindings have no ${type}.`);
  return Object.getOwnPropertyDescriptor(resource.prototype, "tags") !== undefined;
}

const resourcesOf = ({ resource }: StackJson): [type: string, name: string, block: Block][] =>
  Object.entries(resource).flatMap(([type, all]) =>
    Object.entries(all).map(([name, block]): [string, string, Block] => [type, name, block]),
  );

describe.each([
  [
    "production",
    { frontDoor: true, alerts: { slack: { connection: "managed-connector" }, availability: { enabled: true } } },
  ],
  ["preview-7", {}],
] as const)("tags of %s", (stage, overrides) => {
  const stacks = synthesized(stage, overrides);
  const tags = { project: "vitae", stage };

  it("every resource of azurerm that takes tags has the project and the stage", async () => {
    const resources = [...resourcesOf(stacks.platform), ...resourcesOf(stacks.events)].filter(([type]) =>
      type.startsWith("azurerm_"),
    );
    const types = [...new Set(resources.map(([type]) => type))];
    const taggable = new Set(
      (await Promise.all(types.map(async (type) => ((await takesTags(type)) ? [type] : [])))).flat(),
    );
    expect(taggable).toContain("azurerm_storage_account");
    expect(taggable).not.toContain("azurerm_storage_container");
    const tagged = resources.filter(([type]) => taggable.has(type));
    expect(tagged.filter(([, , block]) => JSON.stringify(block.tags) !== JSON.stringify(tags))).toEqual([]);
  });

  it("azapi adds the project and the stage to the resources that take tags", () => {
    for (const { provider } of [stacks.platform, stacks.events])
      expect(provider.azapi).toMatchObject([{ default_tags: tags }]);
  });

  it("tags that Azure's portal adds to the app cause no change", () => {
    expect(appOf(stacks.platform).app.lifecycle).toMatchObject({ ignore_changes: ["tags"] });
  });
});
