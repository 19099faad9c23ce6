// The log queries of alerts, in KQL over the tables of Application Insights. Each gives one row with one number, or none.
import { alertLines, type FunctionName } from "../../functions/lib/names.ts";
import type { RuleName } from "./config.ts";

/** The name of the number in every query's row. */
export const MEASURE = "measured";

const counters: readonly FunctionName[] = ["visitor-counter", "visitor-counter-drop-in"];

const quoted = (value: string) => JSON.stringify(value);
const lines = (...parts: readonly string[]) => parts.join("\n| ");

// The host reports an answer of 500 as a success, since the function did not throw; and it samples, so that a row
// stands for itemCount requests. So it is the code that counts, by weight.
const FAILED = "sumif(itemCount, toint(resultCode) >= 500)";
const ALL = "sum(itemCount)";

const countersOnly = `where name in (${counters.map(quoted).join(", ")})`;
// Runs of timers, queues and blobs have the code 0. The checks of health have an alert of their own.
const answers = 'where toint(resultCode) >= 100 and name !startswith "health"';
const enough = (least: number) => `where total >= ${least}`;

/** Lines of ours are JSON in the message, which the host may put something before. */
const lineIs = (message: string) => [
  `where message has ${quoted(message)}`,
  'extend line = parse_json(substring(message, indexof(message, "{")))',
  `where tostring(line.message) == ${quoted(message)}`,
];
const linesOf = (message: string) => lines("traces", ...lineIs(message), `summarize ${MEASURE} = ${ALL}`);

/** The queries of all log alerts. The rule adds the window, so none has a time of its own. */
export function queriesOf(leastRequests: number) {
  return {
    counterFailures: lines("requests", countersOnly, `summarize ${MEASURE} = ${FAILED}`),
    counterDuration: lines(
      "requests",
      countersOnly,
      `summarize total = ${ALL}, weighted = sum(duration * itemCount)`,
      enough(leastRequests),
      `project ${MEASURE} = weighted / total`,
    ),
    serverErrors: lines(
      "requests",
      answers,
      `summarize total = ${ALL}, failed = ${FAILED}`,
      enough(leastRequests),
      `project ${MEASURE} = 100.0 * failed / total`,
    ),
    slowAnswers: lines(
      "requests",
      answers,
      `summarize total = ${ALL}, p95 = percentilew(duration, itemCount, 95)`,
      enough(leastRequests),
      `project ${MEASURE} = p95`,
    ),
    thumbnailGivenUp: linesOf(alertLines.thumbnailGivenUp),
    // The brake trips in a flood, in which the host samples lines away; metrics it does not.
    costBrakeTripped: lines(
      `union (${lines("traces", ...lineIs(alertLines.costBrakeTripped), "project hits = toreal(itemCount)")}), (${lines(
        "customMetrics",
        'where name == "cost_brake_trips"',
        "project hits = valueSum",
      )})`,
      `summarize ${MEASURE} = sum(hits)`,
    ),
    securityEvent: linesOf(alertLines.securityEvent),
  } as const satisfies Partial<Record<RuleName, string>>;
}
export type LogRuleName = keyof ReturnType<typeof queriesOf>;
