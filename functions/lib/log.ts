// Structured logs: one JSON object per line, written to the invocation's context or to the console.
import { currentContext } from "./request-context.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;
/** Messages are fixed event names, such as `thumbnail-given-up`, which queries and alerts match; variable parts are fields. */
export type Log = Record<LogLevel, (message: string, fields?: LogFields) => void>;
type Sink = Record<LogLevel, (line: string) => void>;

let minimum = logLevels.indexOf("info");

/** Sets the lowest level that is written; the default is `info`. */
export function setLogLevel(level: LogLevel): void {
  minimum = logLevels.indexOf(level);
}

/**
 * Copies an error's name, message, code, stack and chain of causes, and nothing else: an SDK's error holds requests with
 * their tokens. Never throws, so that an unreadable error is still logged.
 */
export function describeError(thrown: unknown, depth = 0): unknown {
  try {
    if (!(thrown instanceof Error)) return typeof thrown === "object" ? "non-error object" : String(thrown);
    const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown };
    return {
      name: String(thrown.name),
      message: String(thrown.message),
      ...(typeof code === "string" && { code }),
      ...(typeof statusCode === "number" && { statusCode }),
      stack: String(thrown.stack),
      ...(thrown.cause !== undefined && depth < 5 && { cause: describeError(thrown.cause, depth + 1) }),
    };
  } catch {
    return "unreadable error";
  }
}

function formatLine(level: LogLevel, message: string, { error, ...fields }: LogFields): string {
  const context = currentContext();
  return JSON.stringify({
    timestamp: new Date().toISOString(),
    level,
    message,
    ...(context && {
      trace_id: context.traceId,
      ...(context.operationId && { operation_id: context.operationId }),
      function: context.function,
      invocation_id: context.invocationId,
    }),
    ...fields,
    ...(error !== undefined && { error: describeError(error) }),
  });
}

export function createLog(sink: Sink): Log {
  const at =
    (level: LogLevel): Log[LogLevel] =>
    (message, fields = {}) => {
      if (logLevels.indexOf(level) >= minimum) sink[level](formatLine(level, message, fields));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const consoleLog = createLog(console);
