// The telemetry of a month with 10,000 visits, as host and app write it. The same at each run.
import { AppError } from "../../functions/lib/errors.ts";
import { recordEnd } from "../../functions/lib/http/record.ts";
import { createLog, type LogFields } from "../../functions/lib/log.ts";
import { silentMeter } from "../../functions/lib/meter.ts";
import type { FunctionName } from "../../functions/lib/names.ts";
import { triggers } from "../../functions/triggers.ts";
import type { Row, Tables } from "./kql.fixture.ts";

export const MONTH_START = Date.UTC(2026, 10, 1);
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
export const MONTH_END = MONTH_START + 30 * DAY;
const VISITS = 10_000;

/** An instance that had no request for this long may be gone. */
const IDLE = 5 * MINUTE;
const COLD_MS = 2_500;

/** What every request of the month does. */
export type Outcome = {
  readonly durationMs?: number;
  readonly status?: number;
  readonly error?: AppError;
};

type Invocation = Parameters<typeof recordEnd>[0]["invocation"];
/** The line that the app writes, as the host stores it. */
function lineOf(write: (invocation: Invocation) => void): string {
  let line = "";
  const sink = (text: string) => {
    line = text;
  };
  write({ trace: sink, debug: sink, info: sink, log: sink, warn: sink, error: sink } as unknown as Invocation);
  return line;
}

/** A line of a timer or an event. */
export const traceOf = (message: string, fields: LogFields = {}): Row => ({
  Message: lineOf((invocation) => createLog(invocation).warn(message, fields)),
  ItemCount: 1,
});

/** A request: the host's row, and the line of the app, which the host's own responses do not have. */
function requestRows(name: FunctionName, at: number, id: number, { durationMs = 30, status = 200, error }: Outcome) {
  const operation = { OperationId: id.toString(16).padStart(32, "0"), ItemCount: 1, TimeGenerated: at };
  const request = { ...operation, Name: name, ResultCode: String(status), DurationMs: durationMs };
  const Message = lineOf((invocation) =>
    recordEnd(
      {
        ...{
          invocation,
          deps: { meter: silentMeter },
          bytesRead: 0,
          startedAt: performance.now(),
          ...(error && { error }),
        },
        ...{ request: { method: "POST" }, route: { name, path: "/v1/visits/{page}" } },
      },
      { status },
    ),
  );
  return { request, trace: { ...operation, TimeGenerated: at + durationMs, Message } };
}

/** Minutes between the runs of a schedule such as `0 *\/5 * * * *`, or 60. */
const minutesOf = (schedule: string) => Number(/^0 \*\/(\d+) /.exec(schedule)?.[1] ?? 60);

/** Runs of all timers, whose code is 0. */
const timerRuns = (): Row[] =>
  triggers.flatMap((trigger) => {
    if (trigger.kind !== "timer") return [];
    const interval = minutesOf(trigger.schedule) * MINUTE;
    return Array.from({ length: (MONTH_END - MONTH_START) / interval }, (_, n) => ({
      ...{ Name: trigger.name, ResultCode: "0", DurationMs: 40, ItemCount: 1 },
      ...{ OperationId: `${trigger.name}-${n}`, TimeGenerated: MONTH_START + n * interval },
    }));
  });

/** Times of the visits: ten times as many by day as by night, and spread by multiples of the golden ratio. */
function visitTimes(days: number): readonly number[] {
  const times: number[] = [];
  for (let n = 0; n < VISITS; n++) {
    if (n % 30 >= days) continue;
    const part = ((n + 1) * 0.618_033_988_75) % 1;
    // A tenth of the visits in the twelve hours of the night.
    const hours = part < 0.1 ? part * 120 : 12 + ((part - 0.1) / 0.9) * 12;
    times.push(MONTH_START + (n % 30) * DAY + hours * 60 * MINUTE);
  }
  return times.sort((a, b) => a - b);
}

const byTime = (rows: readonly Row[]) => rows.toSorted((a, b) => Number(a.TimeGenerated) - Number(b.TimeGenerated));

/** The first days of a month in which every visit has the outcome, by default a normal one. */
export function monthOf(outcome: Outcome = {}, days = 30): Tables {
  let last = 0;
  const rows = visitTimes(days).map((at, n) => {
    const durationMs = at - last > IDLE ? COLD_MS : 20 + (n % 7) * 10;
    last = at;
    return requestRows("visitor-counter", at, n, { durationMs, ...outcome });
  });
  return {
    AppRequests: byTime([...rows.map(({ request }) => request), ...timerRuns()]),
    AppTraces: byTime(rows.map(({ trace }) => trace)),
  };
}

export const storeFailed = new AppError("DEPENDENCY_UNAVAILABLE", "The visit could not be counted");
export const appIsBusy = new AppError("DEPENDENCY_UNAVAILABLE", "Too many decodes", { isBusy: true });
