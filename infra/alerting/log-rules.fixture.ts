// The synthesized log rules of a profile, evaluated on recorded rows as Azure does: query, window, aggregation, threshold.
import { Alerts } from "./alerts.ts";
import { type AlertOverrides, alertConfig } from "./config.ts";
import { type Row, runQuery, type Tables } from "./kql.fixture.ts";
import { synthesize } from "./workflow.fixture.ts";

type Criterion = {
  readonly query: string;
  readonly threshold: number;
  readonly operator: string;
  readonly time_aggregation_method: "Maximum" | "Total";
  readonly metric_measure_column: string;
};
export type LogRule = {
  readonly name: string;
  readonly description: string;
  readonly severity: number;
  readonly window_duration: string;
  readonly criteria: readonly [Criterion];
};

/** The log rules by slug. */
export function logRulesOf(overrides: AlertOverrides): ReadonlyMap<string, LogRule> {
  const { azurerm_monitor_scheduled_query_rules_alert_v2: rules = {} } = synthesize((stack) => {
    new Alerts(stack, "alerts", {
      location: { resourceGroupName: "g", location: "l" },
      prefix: "p",
      config: alertConfig.parse(overrides),
      groups: { all: "all", owners: "owners" },
      workspaceId: "i",
      appId: "a",
      mediaAccountId: "m",
      siteAccountId: "s",
      workflowId: "w",
    });
  });
  return new Map(Object.values(rules).map((rule) => [String(rule.name).slice(2), rule as unknown as LogRule]));
}

const DURATIONS: Readonly<Record<string, number>> = { PT30M: 30, PT1H: 60, PT6H: 360, P1D: 1440 };
/** Milliseconds of a rule's window. @throws for a duration that no rule has */
function windowOf({ window_duration }: LogRule): number {
  const minutes = DURATIONS[window_duration];
  if (!minutes) throw new Error(`Add ${window_duration} to the durations.`);
  return minutes * 60_000;
}

/** The number that a rule measures at a time: 0 without rows. */
function measuredBy({ criteria: [criterion] }: LogRule, tables: Tables, now?: number): number {
  const { query, metric_measure_column: column, time_aggregation_method: aggregation } = criterion;
  const values = runQuery(query, tables, now).map((row) => Number(row[column]));
  if (aggregation === "Total") return values.reduce((sum, value) => sum + value, 0);
  return Math.max(0, ...values.filter((value) => !Number.isNaN(value)));
}

export const fires = (rule: LogRule, tables: Tables, now?: number): boolean =>
  measuredBy(rule, tables, now) > rule.criteria[0].threshold;

const timeOf = ({ TimeGenerated }: Row) => Number(TimeGenerated);

/** What a rule measures at the ends of consecutive windows. The rows of each table are in the order of their time. */
export function* evaluations(rule: LogRule, tables: Tables, { from, to }: { from: number; to: number }) {
  const window = windowOf(rule);
  const first = new Map(Object.keys(tables).map((name) => [name, 0]));
  // A rule of a day is evaluated every six hours here, so that each shorter window of a query is seen.
  const step = Math.min(window, 360 * 60_000);
  for (let now = from + step; now <= to; now += step) {
    const rows = Object.entries(tables).map(([name, all]) => {
      let start = first.get(name) ?? 0;
      while (start < all.length && timeOf(all[start] as Row) <= now - window) start++;
      first.set(name, start);
      let end = start;
      while (end < all.length && timeOf(all[end] as Row) <= now) end++;
      return [name, all.slice(start, end)] as const;
    });
    yield measuredBy(rule, Object.fromEntries(rows), now);
  }
}
