// The log queries of the alerts, in KQL over the tables of Application Insights. Each returns at most one row.
import { alertLines, type FunctionName } from "../../functions/lib/names.ts";
import type { RuleName } from "./config.ts";

/** The column that a rule compares with its threshold. */
export const MEASURE = "measured";

const counters: readonly FunctionName[] = ["visitor-counter", "visitor-counter-drop-in"];

// The host samples, so a row represents itemCount requests. It reports a 500 response as a success, because the
// function did not throw; so the queries read the code. Timers, queues and blobs have the code 0.
const TOTAL = "sum(itemCount)";
// The health checks have an alert of their own.
const RESPONSES = 'where toint(resultCode) >= 100 and name !startswith "health"';

const pipe = (...operators: readonly string[]) => operators.join("\n| ");
const quote = (value: string) => JSON.stringify(value);

// A log line is JSON in the message, which the host may prefix.
const PARSE_LINE = 'extend line = parse_json(substring(message, indexof(message, "{")))';
const isLine = (message: string) => `tostring(line.message) == ${quote(message)}`;

/** Counts a log line of a timer or an event, of which there are too few to be sampled away. */
const linesOf = (line: string) =>
  pipe(
    "traces",
    `where message has ${quote(line)}`,
    PARSE_LINE,
    `where ${isLine(line)}`,
    `summarize ${MEASURE} = ${TOTAL}`,
  );

/** Counts a log line that the host may sample away in a flood, and the metric of the same event, which it does not. */
const lineOrMetric = (line: string, metric: string) =>
  pipe(
    "union traces, customMetrics",
    `where name == ${quote(metric)} or message has ${quote(line)}`,
    PARSE_LINE,
    `where name == ${quote(metric)} or ${isLine(line)}`,
    `summarize ${MEASURE} = sum(iff(name == ${quote(metric)}, valueSum, toreal(itemCount)))`,
  );

/**
 * The queries of all log alerts. The rule adds the time window.
 * @param minRequests fewer requests in a window are too few for an average or a percentile
 */
export const queriesOf = (minRequests: number) =>
  ({
    serverErrors: pipe("requests", RESPONSES, "where toint(resultCode) >= 500", `summarize ${MEASURE} = ${TOTAL}`),
    counterDuration: pipe(
      "requests",
      `where name in (${counters.map(quote).join(", ")})`,
      `summarize total = ${TOTAL}, weighted = sum(duration * itemCount)`,
      `where total >= ${minRequests}`,
      `project ${MEASURE} = weighted / total`,
    ),
    slowResponses: pipe(
      "requests",
      RESPONSES,
      `summarize total = ${TOTAL}, p95 = percentilew(duration, itemCount, 95)`,
      `where total >= ${minRequests}`,
      `project ${MEASURE} = p95`,
    ),
    thumbnailGivenUp: linesOf(alertLines.thumbnailGivenUp),
    libraryDiffers: linesOf(alertLines.libraryDiffers),
    // A flood trips the brake.
    costBrakeTripped: lineOrMetric(alertLines.costBrakeTripped, "cost_brake_trips"),
    securityEvent: lineOrMetric(alertLines.securityEvent, "security_events"),
  }) as const satisfies Partial<Record<RuleName, string>>;
export type LogRuleName = keyof ReturnType<typeof queriesOf>;
