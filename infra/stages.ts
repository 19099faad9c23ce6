// The values of each stage: those of choices.json, and what is different in previews. config-schema.ts lists all fields.
import { triggerNames } from "../functions/lib/names.ts";
import type { Choices } from "./choices.ts";
import type { StageOverrides } from "./config-schema.ts";

/** Objects are merged; any other value, lists too, replaces the first. */
function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  const isObject = (it: unknown) => typeof it === "object" && it !== null && !Array.isArray(it);
  if (!isObject(base) || !isObject(over)) return over;
  const merged = { ...(base as Record<string, unknown>) };
  for (const [key, value] of Object.entries(over as Record<string, unknown>)) merged[key] = merge(merged[key], value);
  return merged;
}

/** The overrides are not validated here: readConfig validates the whole stage. */
export function stagesOf({ repository, region, origins, ownerEmail, site, overrides }: Choices) {
  // Every alert links to it.
  const runbooks = `https://github.com/${repository}/blob/main/docs/runbooks.md`;
  const production = merge(
    { region, origins, site: { enabled: site }, ownerEmail, alerts: { runbooks } } satisfies StageOverrides,
    overrides.production,
  ) as StageOverrides;

  /** Every preview-N. It is deleted with its pull request, so it keeps no data, and its alerts go to no one on call. */
  const preview = merge(
    {
      ...production,
      // No person's address: previews belong to none.
      ownerEmail: "owner@preview.invalid",
      vault: { purgeProtection: false, softDelete: 7 },
      telemetry: { dailyCap: 0.05 },
      // It has a monthly fee, of which each preview would pay its own.
      frontDoor: false,
      // Azure may count the groups together: HTTP, blob events, the queue and each timer need an instance of their own.
      scale: { maximumInstances: 1 + triggerNames.length },
      // Alerts by mail only. Those on metrics are left to production, which has the free ones; bootstrap creates the budget.
      alerts: { runbooks, slack: { connection: "none" }, metricAlerts: false, budget: { enabled: false } },
    } satisfies StageOverrides,
    overrides.preview,
  ) as StageOverrides;
  return { production, preview };
}
