// Evaluates the synthesized log rules on recorded rows: query, aggregation and threshold.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { alertLines } from "../../functions/lib/names.ts";
import { slugOf } from "./descriptions.ts";
import { type Row, runQuery, type Tables } from "./kql.fixture.ts";
import { kqlErrors } from "./kql-check.fixture.ts";
import { fires as firesOn, type LogRule, logRulesOf } from "./log-rules.fixture.ts";
import { type LogRuleName, logRuleNames } from "./queries.ts";

const lean = logRulesOf({});
const full = logRulesOf({ profile: "full" });
const ruleOf = (name: LogRuleName) => full.get(slugOf(name)) as LogRule;
/** Whether the rule of the full profile fires on the rows of one window. */
const fires = (name: LogRuleName, tables: Tables): boolean => firesOn(ruleOf(name), tables);

const request = (changes: Row = {}): Row => ({
  Name: "visitor-counter",
  ResultCode: "200",
  DurationMs: 20,
  ItemCount: 1,
  OperationId: "o",
  ...changes,
});
const requests = (count: number, changes: Row = {}) => Array.from({ length: count }, () => request(changes));
const line = (message: string, fields: Row = {}): string =>
  JSON.stringify({ timestamp: "2026-11-21T12:00:00Z", level: "warn", message, trace_id: "t", ...fields });
const trace = (Message: string, changes: Row = {}): Row => ({ Message, ItemCount: 1, ...changes });

describe("KQL", () => {
  it.each([...lean, ...full])("accepts the query of %s over the tables of the workspace", (_, rule) => {
    expect(kqlErrors(rule.criteria[0].query, "workspace")).toEqual([]);
  });

  it("accepts every query of docs/runbooks.md", async () => {
    const text = await readFile(join(import.meta.dirname, "../../docs/runbooks.md"), "utf8");
    const queries = [...text.matchAll(/^```kusto\n([\s\S]*?)^```$/gm)].map(([, query = ""]) => query);
    expect(queries.length).toBeGreaterThan(9);
    for (const query of queries) {
      const scope = query.startsWith("_LogOperation") ? "workspace" : "insights";
      expect([query, kqlErrors(query, scope)]).toEqual([query, []]);
    }
  });

  it("rejects an unknown column, an unknown operator and a table of another scope", () => {
    expect(kqlErrors("requests | where nme == 1", "insights").join()).toContain("nme");
    expect(kqlErrors("requests | wher name == 1", "insights")).not.toEqual([]);
    expect(kqlErrors("_LogOperation | count", "insights")).not.toEqual([]);
    expect(kqlErrors("requests | count", "workspace")).not.toEqual([]);
  });
});

describe.each([500, 502, 504])("response %i", (code) => {
  it.each(["visitor-counter", "visitor-counter-drop-in", "image-upload"])(
    "fires serverErrors once for %s, which the host reports as a success",
    (Name) => {
      const tables = { AppRequests: [...requests(50), request({ Name, ResultCode: String(code) })] };
      expect(fires("serverErrors", tables)).toBe(true);
      expect(fires("storeUnavailable", tables)).toBe(false);
    },
  );
});

describe("response 503", () => {
  const busy = (OperationId: string, fields: Row = { status: 503, busy: true }) =>
    trace(line("request", { code: "DEPENDENCY_UNAVAILABLE", ...fields }), { OperationId });
  const rejected = (OperationId: string) => request({ ResultCode: "503", OperationId });

  it("fires storeUnavailable for one with a line of a failure, and for one of the host without a line", () => {
    const failure = busy("o", { status: 503 });
    for (const AppTraces of [[failure], []])
      expect(fires("storeUnavailable", { AppRequests: [rejected("o")], AppTraces })).toBe(true);
    expect(fires("serverErrors", { AppRequests: [rejected("o")] })).toBe(false);
  });

  it("fires storeUnavailable for one failure among many responses of a busy app", () => {
    const AppTraces = Array.from({ length: 50 }, (_, n) => busy(String(n)));
    const AppRequests = AppTraces.map(({ OperationId }) => rejected(String(OperationId)));
    expect(fires("storeUnavailable", { AppRequests, AppTraces })).toBe(false);
    expect(fires("storeUnavailable", { AppRequests: [...AppRequests, rejected("other")], AppTraces })).toBe(true);
  });

  it.each([
    ["lean", lean.get("trends") as LogRule],
    ["full", ruleOf("busy")],
  ])("fires busy above 100 responses in six hours in the profile %s, by the weight of their lines", (_, rule) => {
    const HOUR = 3_600_000;
    const now = 24 * HOUR;
    const lines = (ItemCount: number) => ({
      AppTraces: [
        { ...busy("o"), ItemCount, TimeGenerated: now - HOUR },
        { ...busy("p"), ItemCount: 100, TimeGenerated: now - 7 * HOUR },
      ],
    });
    expect([firesOn(rule, lines(100), now), firesOn(rule, lines(101), now)]).toEqual([false, true]);
    expect(["PT6H", "P1D"]).toContain(rule.window_duration);
  });

  it("does not take another line for one of a busy app", () => {
    const lines = [
      busy("o", { status: 503 }),
      busy("o", { status: 200, busy: true }),
      busy("o", { status: 503, busy: false }),
      trace(line("thumbnail-postponed", { status: 503, busy: true }), { OperationId: "o" }),
      trace(line("request", { status: 503, error: { message: "busy" } }), { OperationId: "o" }),
    ];
    for (const each of lines) {
      expect(fires("busy", { AppTraces: Array.from({ length: 101 }, () => each) })).toBe(false);
      expect(fires("storeUnavailable", { AppRequests: [rejected("o")], AppTraces: [each] })).toBe(true);
    }
  });
});

describe("serverErrors and storeUnavailable", () => {
  it.each([
    ["a rejected request", request({ ResultCode: "429" })],
    ["a failed health check", request({ Name: "health-ready", ResultCode: "503" })],
    ["a health check with an error", request({ Name: "health-live", ResultCode: "500" })],
    ["a failed timer", request({ Name: "image-reconcile", ResultCode: "0" })],
    ["a code that is not a number", request({ ResultCode: "" })],
  ])("ignore %s", (_, row) => {
    expect(fires("serverErrors", { AppRequests: [row] })).toBe(false);
    expect(fires("storeUnavailable", { AppRequests: [row] })).toBe(false);
  });

  it("count the requests that a sampled row represents", () => {
    const AppRequests = [request({ ResultCode: "500", ItemCount: 7 }), request({ ItemCount: 90 })];
    expect(runQuery(ruleOf("serverErrors").criteria[0].query, { AppRequests })).toEqual([{ measured: 7 }]);
  });
});

describe("durations", () => {
  it("averages the counter's durations by the weight of each row", () => {
    const slow = request({ DurationMs: 5000, ItemCount: 100 });
    expect(fires("counterDuration", { AppRequests: [slow, request({ ItemCount: 200 })] })).toBe(true);
    expect(fires("counterDuration", { AppRequests: [slow, request({ ItemCount: 1000 })] })).toBe(false);
    const uploads = requests(300, { Name: "image-upload", DurationMs: 9000 });
    expect(fires("counterDuration", { AppRequests: uploads })).toBe(false);
  });

  it("fires slowResponses when more than half of at least 200 requests are slow", () => {
    const slow = (ItemCount: number) => request({ Name: "image-upload", DurationMs: 900, ItemCount });
    expect(fires("slowResponses", { AppRequests: [request({ ItemCount: 149 }), slow(151)] })).toBe(true);
    expect(fires("slowResponses", { AppRequests: [request({ ItemCount: 151 }), slow(149)] })).toBe(false);
    expect(fires("slowResponses", { AppRequests: [request({ ItemCount: 40 }), slow(159)] })).toBe(false);
  });
});

describe.each(["thumbnailGivenUp", "libraryDiffers", "costBrakeTripped", "securityEvent"] as const)("%s", (name) => {
  const message = alertLines[name];

  it(`fires ${name} for a line ${message}, also after a prefix of the host`, () => {
    expect(fires(name, { AppTraces: [trace(line("request")), trace(line(message, { image: "i" }))] })).toBe(true);
    expect(fires(name, { AppTraces: [trace(`[Error] ${line(message)}`)] })).toBe(true);
  });

  it.each([
    ["a line that mentions the message", line("request", { error: { message } })],
    ["a line with the message in a text", line("request", { route: `"message":"${message}"` })],
    ["a line of another message", line(`${message}-not`)],
    ["a line that is not JSON", `${message} happened`],
    ["a truncated line", `{"message":"${message}"`],
  ])(`ignores for ${name} %s`, (_, text) => {
    expect(fires(name, { AppTraces: [trace(text)] })).toBe(false);
  });
});

it.each([
  ["costBrakeTripped", "cost_brake_trips"],
  ["securityEvent", "security_events"],
] as const)("fires %s for one count of the metric %s, when sampling removed the line", (rule, metric) => {
  const counted = (Name: string, Sum: number) => ({
    AppTraces: [trace("")],
    AppMetrics: [{ Name, Sum, ItemCount: 1 }],
  });
  expect(fires(rule, counted(metric, 1))).toBe(true);
  expect(fires(rule, counted(metric, 0))).toBe(false);
  expect(fires(rule, counted("visits", 9))).toBe(false);
});

it("fires telemetryCap for the operation of the cap only", () => {
  const operation = (Category: string, Detail: string) => ({ _LogOperation: [{ Category, Detail }] });
  const detail = "Data collection stopped due to daily limit of free data reached. Ingestion status = OverQuota";
  expect(fires("telemetryCap", operation("Ingestion", detail))).toBe(true);
  expect(fires("telemetryCap", operation("Ingestion", "Data collection resumed"))).toBe(false);
  expect(fires("telemetryCap", operation("Workspace", detail))).toBe(false);
});

it("evaluates all rules of both profiles on tables without rows", () => {
  for (const rule of [...lean.values(), ...full.values()]) expect(firesOn(rule, {})).toBe(false);
  expect([...full.keys()]).toEqual(logRuleNames.map(slugOf));
});
