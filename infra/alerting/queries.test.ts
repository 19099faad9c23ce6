// Evaluates the synthesized log rules on recorded rows: query, aggregation and threshold.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { alertLines } from "../../functions/lib/names.ts";
import { Alerts } from "./alerts.ts";
import { alertConfig } from "./config.ts";
import { slugOf } from "./descriptions.ts";
import { type Row, runQuery, type Tables } from "./kql.fixture.ts";
import { kqlErrors } from "./kql-check.fixture.ts";
import { type LogRuleName, queriesOf } from "./queries.ts";
import { synthesize } from "./workflow.fixture.ts";

const resources = synthesize((stack) => {
  new Alerts(stack, "alerts", {
    location: { resourceGroupName: "g", location: "l" },
    prefix: "p",
    config: alertConfig.parse({}),
    groups: { all: "all", owners: "owners" },
    insightsId: "i",
    appId: "a",
    mediaAccountId: "m",
    siteAccountId: "s",
    workflowId: "w",
  });
});

type Rule = { readonly window_duration: string; readonly criteria: readonly [Criterion] };
type Criterion = {
  readonly query: string;
  readonly threshold: number;
  readonly operator: string;
  readonly time_aggregation_method: string;
  readonly metric_measure_column: string;
};
const ruleOf = (name: LogRuleName) => {
  const rules = Object.values(resources.azurerm_monitor_scheduled_query_rules_alert_v2 ?? {});
  return rules.find((each) => each.name === `p-${slugOf(name)}`) as unknown as Rule;
};

/** Whether the rule fires on the rows of one window. */
function fires(name: LogRuleName, tables: Tables): boolean {
  const [criterion] = ruleOf(name).criteria;
  expect(criterion).toMatchObject({ operator: "GreaterThan", time_aggregation_method: "Maximum" });
  return runQuery(criterion.query, tables).some((row) => {
    const value = row[criterion.metric_measure_column];
    return typeof value === "number" && value > criterion.threshold;
  });
}

const request = (changes: Row = {}): Row => ({
  name: "visitor-counter",
  resultCode: "200",
  success: "True",
  duration: 20,
  itemCount: 1,
  ...changes,
});
const requests = (count: number, changes: Row = {}) => Array.from({ length: count }, () => request(changes));
const line = (message: string, fields: Row = {}): string =>
  JSON.stringify({ timestamp: "2026-11-21T12:00:00Z", level: "warn", message, trace_id: "t", ...fields });
const trace = (message: string): Row => ({ message, itemCount: 1 });

const names = Object.keys(queriesOf(20)) as LogRuleName[];

describe("KQL", () => {
  it.each(names)("accepts the query of %s over Azure's tables", (name) => {
    expect(kqlErrors(ruleOf(name).criteria[0].query)).toEqual([]);
  });

  it("accepts every query of docs/runbooks.md", async () => {
    const text = await readFile(join(import.meta.dirname, "../../docs/runbooks.md"), "utf8");
    const queries = [...text.matchAll(/^```kusto\n([\s\S]*?)^```$/gm)].map(([, query = ""]) => query);
    expect(queries.length).toBeGreaterThan(9);
    for (const query of queries) expect([query, kqlErrors(query)]).toEqual([query, []]);
  });

  it("rejects an unknown column and an unknown operator", () => {
    expect(kqlErrors("requests | where nme == 1").join()).toContain("nme");
    expect(kqlErrors("requests | wher name == 1")).not.toEqual([]);
  });
});

describe("documented traffic of 10,000 visits a month", () => {
  const WINDOWS: Readonly<Record<string, number>> = { PT30M: 1 / 48, P1D: 1 };
  const visits = (name: LogRuleName) => Math.round((10_000 / 30) * (WINDOWS[ruleOf(name).window_duration] ?? 0));

  it("fires serverErrors when every request fails", () => {
    expect(fires("serverErrors", { requests: requests(visits("serverErrors"), { resultCode: "500" }) })).toBe(true);
  });

  it.each(["counterDuration", "slowResponses"] as const)("fires %s when every request is slow", (name) => {
    expect(fires(name, { requests: requests(visits(name), { duration: 5000 }) })).toBe(true);
  });

  it.each(names)("does not fire %s without problems, nor without rows", (name) => {
    expect(fires(name, { requests: requests(visits(name)), traces: [trace(line("request"))] })).toBe(false);
    expect(fires(name, {})).toBe(false);
  });
});

describe("serverErrors", () => {
  it.each(["visitor-counter", "visitor-counter-drop-in", "image-upload"])(
    "fires for one 503 of %s, which the host reports as a success",
    (name) => {
      expect(fires("serverErrors", { requests: [...requests(50), request({ name, resultCode: "503" })] })).toBe(true);
    },
  );

  it.each([
    ["a rejected request", request({ resultCode: "429", success: "False" })],
    ["a failed health check", request({ name: "health-ready", resultCode: "503" })],
    ["a failed timer", request({ name: "image-reconcile", resultCode: "0", success: "False" })],
    ["a code that is not a number", request({ resultCode: "" })],
  ])("ignores %s", (_, row) => {
    expect(fires("serverErrors", { requests: [row] })).toBe(false);
  });

  it("counts the requests that a sampled row represents", () => {
    const rows = [request({ resultCode: "500", itemCount: 7 }), request({ itemCount: 90 })];
    expect(runQuery(queriesOf(20).serverErrors, { requests: rows })).toEqual([{ measured: 7 }]);
  });
});

describe("durations", () => {
  it("averages the counter's durations by the weight of each row", () => {
    const slow = request({ duration: 5000, itemCount: 10 });
    expect(fires("counterDuration", { requests: [slow, request({ itemCount: 20 })] })).toBe(true);
    expect(fires("counterDuration", { requests: [slow, request({ itemCount: 100 })] })).toBe(false);
    expect(fires("counterDuration", { requests: requests(30, { name: "image-upload", duration: 9000 }) })).toBe(false);
  });

  it("fires slowResponses when more than 5 % of at least 20 requests are slow", () => {
    const slow = (itemCount: number) => request({ name: "image-upload", duration: 900, itemCount });
    expect(fires("slowResponses", { requests: [request({ itemCount: 94 }), slow(6)] })).toBe(true);
    expect(fires("slowResponses", { requests: [request({ itemCount: 95 }), slow(5)] })).toBe(false);
    expect(fires("slowResponses", { requests: [request({ itemCount: 4 }), slow(5)] })).toBe(false);
  });
});

describe.each(["thumbnailGivenUp", "libraryDiffers", "costBrakeTripped", "securityEvent"] as const)("%s", (name) => {
  const message = alertLines[name];

  it(`fires ${name} for a line ${message}, also after a prefix of the host`, () => {
    expect(fires(name, { traces: [trace(line("request")), trace(line(message, { image: "i" }))] })).toBe(true);
    expect(fires(name, { traces: [trace(`[Error] ${line(message)}`)] })).toBe(true);
  });

  it.each([
    ["a line that mentions the message", line("request", { error: { message } })],
    ["a line with the message in a text", line("request", { route: `"message":"${message}"` })],
    ["a line of another message", line(`${message}-not`)],
    ["a line that is not JSON", `${message} happened`],
    ["a truncated line", `{"message":"${message}"`],
  ])(`ignores for ${name} %s`, (_, text) => {
    expect(fires(name, { traces: [trace(text)] })).toBe(false);
  });
});

it.each([
  ["costBrakeTripped", "cost_brake_trips"],
  ["securityEvent", "security_events"],
] as const)("fires %s for one count of the metric %s, when sampling removed the line", (rule, name) => {
  const metric = (name: string, valueSum: number) => ({ traces: [trace("")], customMetrics: [{ name, valueSum }] });
  expect(fires(rule, metric(name, 1))).toBe(true);
  expect(fires(rule, metric(name, 0))).toBe(false);
  expect(fires(rule, metric("visits", 9))).toBe(false);
});
