// The log queries of the alerts, in KQL over the tables of the workspace. Each returns one row, with one number.
import { alertLines, type FunctionName } from "../../functions/lib/names.ts";
import type { AlertRule, RuleName } from "./config.ts";

/** The column that a rule compares with its threshold. */
export const MEASURE = "measured";

const counters: readonly FunctionName[] = ["visitor-counter", "visitor-counter-drop-in"];

// The host samples, so a row represents ItemCount requests. It reports a 500 response as a success, because the
// function did not throw; so the queries read the code. Timers, queues and blobs have the code 0.
const TOTAL = "sum(ItemCount)";
// The health checks have an alert of their own.
const NO_HEALTH = 'Name !startswith "health"';

const pipe = (...operators: readonly string[]) => operators.join("\n| ");
const quote = (value: string) => JSON.stringify(value);
const measure = (expression: string) => `summarize ${MEASURE} = toreal(${expression})`;

/** `PT30M` of the configuration is `30m` in KQL, `P1D` is `1d`. */
const timespan = (duration: string) => duration.replace(/^PT?/, "").toLowerCase();

// A log line is JSON in the message, which the host may prefix.
const PARSE_LINE = 'extend line = parse_json(substring(Message, indexof(Message, "{")))';
const isLine = (message: string) => `tostring(line.message) == ${quote(message)}`;
/** Lines of requests that were rejected with 503 although nothing failed. */
const busyLines = (since: string) =>
  pipe(
    "AppTraces",
    since,
    'where Message has "busy"',
    PARSE_LINE,
    `where ${isLine("request")} and tobool(line.busy) and toint(line.status) == 503`,
  );

/**
 * Lines of requests for which the host stored no row: on Flex Consumption it stores none for those of a cold start, and at
 * low traffic these are many. https://github.com/Azure/azure-functions-host/issues/11167
 */
const linesWithoutRow = (since: string, condition: string) =>
  pipe(
    "AppTraces",
    since,
    'where Message has "request"',
    PARSE_LINE,
    "extend route = tostring(line.route)",
    `where ${isLine("request")} and ${condition} and route !startswith "/health"`,
    `join kind=leftanti (${pipe("AppRequests", since)}) on OperationId`,
  );

/** Counts requests, each of which is in one of the two. */
const count = (rows: string, lines: string) => pipe(`union (${rows}), (${lines})`, measure(TOTAL));

/** Counts a log line of a timer or an event, of which there are too few to be sampled away. */
const linesOf = (line: string) => (since: string) =>
  pipe("AppTraces", since, `where Message has ${quote(line)}`, PARSE_LINE, `where ${isLine(line)}`, measure(TOTAL));

/** Counts a log line that the host may sample away in a flood, and the metric of the same event, which it does not. */
const lineOrMetric = (line: string, metric: string) => (since: string) =>
  pipe(
    "union AppTraces, AppMetrics",
    since,
    `where Name == ${quote(metric)} or Message has ${quote(line)}`,
    PARSE_LINE,
    `where Name == ${quote(metric)} or ${isLine(line)}`,
    measure(`sum(iff(Name == ${quote(metric)}, Sum, toreal(ItemCount)))`),
  );

/** Each query by the time that it looks back, and by how few requests are too few for an average or a percentile. */
const queries = {
  // A 503 is one of the next two.
  serverErrors: (since) =>
    count(
      pipe("AppRequests", since, `where toint(ResultCode) >= 500 and ResultCode != "503" and ${NO_HEALTH}`),
      linesWithoutRow(since, "toint(line.status) >= 500 and toint(line.status) != 503"),
    ),
  // Also the host's own 503, which has no line of the app.
  storeUnavailable: (since) =>
    count(
      pipe(
        "AppRequests",
        since,
        `where ResultCode == "503" and ${NO_HEALTH}`,
        `join kind=leftanti (${busyLines(since)}) on OperationId`,
      ),
      linesWithoutRow(since, 'toint(line.status) == 503 and tostring(line.busy) != "true"'),
    ),
  busy: (since) => pipe(busyLines(since), measure(TOTAL)),
  counterDuration: (since, minRequests) =>
    pipe(
      "AppRequests",
      since,
      `where Name in (${counters.map(quote).join(", ")})`,
      `summarize total = ${TOTAL}, weighted = sum(DurationMs * ItemCount)`,
      `where total >= ${minRequests}`,
      `project ${MEASURE} = toreal(weighted / total)`,
    ),
  slowResponses: (since, minRequests) =>
    pipe(
      "AppRequests",
      since,
      `where toint(ResultCode) >= 100 and ${NO_HEALTH}`,
      `summarize total = ${TOTAL}, p50 = percentilew(DurationMs, ItemCount, 50)`,
      `where total >= ${minRequests}`,
      `project ${MEASURE} = toreal(p50)`,
    ),
  thumbnailGivenUp: linesOf(alertLines.thumbnailGivenUp),
  libraryDiffers: linesOf(alertLines.libraryDiffers),
  // A flood trips the brake.
  costBrakeTripped: lineOrMetric(alertLines.costBrakeTripped, "cost_brake_trips"),
  securityEvent: lineOrMetric(alertLines.securityEvent, "security_events"),
  // https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap#alert-when-daily-cap-is-reached
  telemetryCap: (since) =>
    pipe("_LogOperation", since, 'where Category =~ "Ingestion" and Detail contains "OverQuota"', measure("count()")),
} as const satisfies Partial<Record<RuleName, (since: string, minRequests: number) => string>>;

export type LogRuleName = keyof typeof queries;
export const logRuleNames = Object.keys(queries) as readonly LogRuleName[];

/** The query of one kind. It returns no row, or one row with the column `measured`. */
export function queryOf(name: LogRuleName, { window }: Pick<AlertRule, "window">, minRequests: number): string {
  const query: (since: string, minRequests: number) => string = queries[name];
  return query(`where TimeGenerated > ago(${timespan(window)})`, minRequests);
}
