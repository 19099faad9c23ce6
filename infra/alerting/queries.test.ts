// Runs recorded rows through the rules as they are synthesized: their query, their aggregation, their threshold.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { alertLines } from "../../functions/lib/names.ts";
import { Alerts } from "./alerts.ts";
import { alertConfig } from "./config.ts";
import { type Recorded, runQuery } from "./kql.fixture.ts";
import { kqlFaults } from "./kql-check.fixture.ts";
import type { Row } from "./kql-functions.fixture.ts";
import { synthesize } from "./notifier.simulation.ts";
import { type LogRuleName, MEASURE, queriesOf } from "./queries.ts";
import { slugOf } from "./texts.ts";

const made = synthesize((stack) => {
  new Alerts(stack, "alerts", {
    place: { resourceGroupName: "g", location: "l" },
    prefix: "p",
    config: alertConfig.parse({}),
    groups: { all: "all", owners: "owners" },
    insightsId: "i",
    appId: "a",
    mediaAccountId: "m",
    workflowId: "w",
  });
});

type Criterion = {
  query: string;
  threshold: number;
  operator: string;
  time_aggregation_method: string;
  metric_measure_column: string;
};

/** Whether the synthesized rule fires on the rows of one window. */
function fires(name: LogRuleName, tables: Partial<Recorded>): boolean {
  const rules = Object.values(made.azurerm_monitor_scheduled_query_rules_alert_v2 ?? {});
  const rule = rules.find((each) => each.name === `p-${slugOf(name)}`) as unknown as { criteria: Criterion[] };
  const [criterion] = rule.criteria;
  if (criterion?.operator !== "GreaterThan" || criterion.time_aggregation_method !== "Maximum")
    throw new Error("Another rule");
  const rows = runQuery(criterion.query, { requests: [], traces: [], customMetrics: [], ...(tables as Recorded) });
  const values = rows.map((row) => row[criterion.metric_measure_column]);
  return values.some((value) => typeof value === "number" && value > criterion.threshold);
}

const request = (changed: Row = {}): Row => ({
  name: "visitor-counter",
  resultCode: "200",
  success: "True",
  duration: 20,
  itemCount: 1,
  ...changed,
});
const requests = (count: number, changed: Row = {}) => Array.from({ length: count }, () => request(changed));
const line = (message: string, fields: Row = {}): string =>
  JSON.stringify({ timestamp: "2026-11-21T12:00:00Z", level: "warn", message, trace_id: "t", ...fields });
const trace = (message: string): Row => ({ message, itemCount: 1 });

test.each(Object.entries(queriesOf(20)))(
  "the query of %s is KQL over Azure's tables, by Microsoft's own parser",
  (_, query) => {
    expect(kqlFaults(query)).toEqual([]);
  },
);

test("every query in docs/runbooks.md is KQL over Azure's tables", async () => {
  const text = await readFile(join(import.meta.dirname, "../docs/runbooks.md"), "utf8");
  const queries = [...text.matchAll(/^```kusto\n([\s\S]*?)^```$/gm)].map(([, query = ""]) => query);
  expect(queries.length).toBeGreaterThan(9);
  for (const query of queries) expect([query, kqlFaults(query)]).toEqual([query, []]);
});

test("that parser does find faults", () => {
  expect(kqlFaults("requests | where nme == 1").join()).toContain("nme");
  expect(kqlFaults("requests | wher name == 1")).not.toEqual([]);
});

test("without any rows no alert fires", () => {
  for (const name of Object.keys(queriesOf(20)) as LogRuleName[])
    expect([name, fires(name, {})]).toEqual([name, false]);
});

describe("counter failures fire", () => {
  test.each(["visitor-counter", "visitor-counter-drop-in"])(
    "for one 503 of %s that the host calls a success",
    (name) => {
      expect(fires("counterFailures", { requests: [...requests(50), request({ name, resultCode: "503" })] })).toBe(
        true,
      );
    },
  );

  test.each([
    ["a refusal", request({ resultCode: "429", success: "False" })],
    ["a 500 of another function", request({ name: "image-read", resultCode: "500" })],
    ["a run that is no request", request({ resultCode: "0", success: "False" })],
    ["a code that is no number", request({ resultCode: "" })],
  ])("not for %s", (_, row) => {
    expect(fires("counterFailures", { requests: [row] })).toBe(false);
  });

  test("by what a sampled row stands for, not by rows", () => {
    const [row] = runQuery(queriesOf(20).counterFailures, {
      requests: [request({ resultCode: "500", itemCount: 7 }), request({ itemCount: 90 })],
    });
    expect(row?.[MEASURE]).toBe(7);
  });
});

describe("the share of answers from 500 up", () => {
  test("is told from weights: two of 100 that are one row fire", () => {
    expect(fires("serverErrors", { requests: [...requests(98), request({ resultCode: "500", itemCount: 2 })] })).toBe(
      true,
    );
    expect(
      fires("serverErrors", { requests: [request({ itemCount: 198 }), request({ resultCode: "500", itemCount: 2 })] }),
    ).toBe(false);
  });

  test("says nothing of fewer requests than 20, of health and of timers", () => {
    expect(fires("serverErrors", { requests: requests(19, { resultCode: "500" }) })).toBe(false);
    expect(fires("serverErrors", { requests: requests(50, { name: "health-ready", resultCode: "503" }) })).toBe(false);
    expect(
      fires("serverErrors", { requests: requests(50, { name: "image-reconcile", resultCode: "0", success: "False" }) }),
    ).toBe(false);
    expect(fires("serverErrors", { requests: requests(20, { resultCode: "500" }) })).toBe(true);
  });
});

describe("durations", () => {
  test("of the counter are averaged by weight", () => {
    const slow = request({ duration: 5000, itemCount: 10 });
    expect(fires("counterDuration", { requests: [slow, request({ itemCount: 20 })] })).toBe(true);
    expect(fires("counterDuration", { requests: [slow, request({ itemCount: 100 })] })).toBe(false);
    expect(fires("counterDuration", { requests: requests(30, { name: "image-upload", duration: 9000 }) })).toBe(false);
  });

  test("of all fire when more than one in twenty is slow", () => {
    const slow = (itemCount: number) => request({ name: "image-upload", duration: 900, itemCount });
    expect(fires("slowAnswers", { requests: [request({ itemCount: 94 }), slow(6)] })).toBe(true);
    expect(fires("slowAnswers", { requests: [request({ itemCount: 95 }), slow(5)] })).toBe(false);
    expect(fires("slowAnswers", { requests: [request({ itemCount: 4 }), slow(5)] })).toBe(false);
  });
});

describe.each([
  ["thumbnailGivenUp", alertLines.thumbnailGivenUp],
  ["costBrakeTripped", alertLines.costBrakeTripped],
  ["securityEvent", alertLines.securityEvent],
] as const)("%s", (name, message) => {
  test(`fires for a line ${message}, also behind what the host puts before it`, () => {
    expect(fires(name, { traces: [trace(line("request")), trace(line(message, { image: "i" }))] })).toBe(true);
    expect(fires(name, { traces: [trace(`[Error] ${line(message)}`)] })).toBe(true);
  });

  test.each([
    ["a line that only mentions it", line("request", { error: { message } })],
    ["a line with a text in which it is a message", line("request", { route: `"message":"${message}"` })],
    ["a line of another message", line(`${message}-not`)],
    ["what is no JSON", `${message} happened`],
    ["what is half JSON", `{"message":"${message}"`],
  ])("does not for %s", (_, text) => {
    expect(fires(name, { traces: [trace(text)] })).toBe(false);
  });
});

test("the cost brake is told by its metric too, when sampling took the line", () => {
  const measured = (name: string, valueSum: number) => ({ customMetrics: [{ name, valueSum }] });
  expect(fires("costBrakeTripped", measured("cost_brake_trips", 1))).toBe(true);
  expect(fires("costBrakeTripped", measured("cost_brake_trips", 0))).toBe(false);
  expect(fires("costBrakeTripped", measured("visits", 9))).toBe(false);
});

describe("the evaluator that these tests stand on refuses", () => {
  test.each([
    ["requests | take 1", "no operator take"],
    ["requests | where strlen(name) > 1", "no function strlen"],
    ["requests | where nothing == 1", "no column nothing"],
    ["request", "no table request"],
    ["requests | where name > 1", "number was expected"],
    ["requests | where (name == 1", ") expected"],
    ["requests ~", "Not KQL"],
  ])("%s", (query, message) => {
    expect(() => runQuery(query, { requests: [request()] })).toThrow(message);
  });
});
