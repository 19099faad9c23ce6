// Previews share one resource group, so their resource names must differ.
import { expect, it } from "vitest";
import { synthesized } from "./synthesized.fixture.ts";

type Resources = Record<string, Record<string, { name?: unknown; parent_id?: unknown; resource_group_name?: unknown }>>;

/** Names of the resources directly in the group. Child resources are separated by their parent. */
function namesIn(stage: "preview-7" | "preview-8"): string[] {
  const { platform, events } = synthesized(stage) as unknown as Record<string, { resource?: Resources }>;
  return [platform, events].flatMap((stack) =>
    Object.entries(stack?.resource ?? {}).flatMap(([type, all]) =>
      Object.values(all)
        .filter(({ resource_group_name, parent_id }) => resource_group_name ?? /resource_group/.test(String(parent_id)))
        .filter(({ name }) => typeof name === "string" && !/_(?:table|event_subscription)$/.test(type))
        .map(({ name }) => `${type} ${name}`),
    ),
  );
}

it("two previews share no resource name", () => {
  const other = new Set(namesIn("preview-8"));
  expect(other.size).toBeGreaterThan(8);
  expect(namesIn("preview-7").filter((name) => other.has(name))).toEqual([]);
});
