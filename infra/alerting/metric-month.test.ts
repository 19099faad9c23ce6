// The alerts on metrics: silent in a month with 10,000 visits, and firing when traffic, storage or a service is out of bounds.
import { describe, expect, it } from "vitest";
import { alerting, listOf, METRIC } from "./alerting.fixture.ts";
import { monthOf } from "./telemetry-month.fixture.ts";

const GB = 1e9;
const HOUR = 3_600_000;
const profiles = {
  lean: alerting({ profile: "lean" }),
  full: alerting({ profile: "full" }),
} as const;

/** The most executions in an hour of the normal month. */
function busiestHour(): number {
  const hours = new Map<number, number>();
  for (const { TimeGenerated } of monthOf().AppRequests ?? []) {
    const hour = Math.floor(Number(TimeGenerated) / HOUR);
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  return Math.max(...hours.values());
}

/** What each metric is in a normal month of docs/cost.md, and when something is wrong. */
const values: Readonly<Record<string, { readonly normal: number; readonly failing: number }>> = {
  // A flood of ten requests a second.
  executions: { normal: busiestHour(), failing: 10 * 3600 },
  // Images and their versions, against a leaked token that uploads.
  "storage-capacity": { normal: 1 * GB, failing: 10 * GB },
  // A day of 10,000 visits a month that all load an image of 1 MB; an image on a page with a thousand times the visits.
  "storage-egress": { normal: 334e6, failing: 334 * GB },
  "site-egress": { normal: 334e6, failing: 334 * GB },
  "notifier-failed": { normal: 0, failing: 1 },
  // Locations that fail.
  "ready-check": { normal: 1, failing: 2 },
};

type Criteria = {
  readonly criteria?: readonly { readonly operator: string; readonly threshold: number }[];
  readonly application_insights_web_test_location_availability_criteria?: { readonly failed_location_count: number };
};
function fires(alert: Criteria, value: number): boolean {
  const locations = alert.application_insights_web_test_location_availability_criteria?.failed_location_count;
  if (locations !== undefined) return value >= locations;
  const [criterion] = alert.criteria ?? [];
  expect(criterion?.operator).toBe("GreaterThan");
  return value > Number(criterion?.threshold);
}

describe.each(["lean", "full"] as const)("metric alert of the profile %s", (profile) => {
  it.each(listOf(profiles[profile], METRIC).map((alert) => [alert.name.replace(/^v-/, ""), alert] as const))(
    `${profile}: %s is silent in a normal month and fires when its service is out of bounds`,
    (name, alert) => {
      const { normal, failing } = values[name] ?? { normal: Number.NaN, failing: Number.NaN };
      expect([fires(alert as Criteria, normal), fires(alert as Criteria, failing)]).toEqual([false, true]);
    },
  );
});
