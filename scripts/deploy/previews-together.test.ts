// Previews share one group, so nothing that one makes may have the name of what another makes.
import { expect, it } from "vitest";
import { synthesized } from "../../infra/synthesized.simulation.ts";

type Resources = Record<string, Record<string, { name?: unknown; parent_id?: unknown; resource_group_name?: unknown }>>;

/** What stands in the group itself: what hangs on an account of its own is apart already. */
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

it("gives no two previews a resource of one name", () => {
  const other = new Set(namesIn("preview-8"));
  expect(other.size).toBeGreaterThan(8);
  expect(namesIn("preview-7").filter((name) => other.has(name))).toEqual([]);
});
