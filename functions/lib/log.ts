// Structured logs: one JSON object a line, through whichever sink the caller has (an invocation's context, or the console).
import { currentContext } from "./request-context.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, unknown>>;
/** Messages are fixed words, such as `thumbnail-given-up`, so that queries and alerts can name them; what varies is a field. */
export type Log = Record<LogLevel, (message: string, fields?: LogFields) => void>;
type Sink = Record<LogLevel, (line: string) => void>;

let lowest = 1;

/** Lines below this level are not written; `info` until somebody asks for another. */
export function setLogLevel(level: LogLevel): void {
  lowest = logLevels.indexOf(level);
}

/**
 * Errors become their name, message, code, stack and chain of causes; nothing else of them is copied. Never throws:
 * an error that cannot be read must not be the reason that nothing is logged.
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

/** Fields in the order of a reader: when, how bad, what, and on whose behalf. */
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
      if (logLevels.indexOf(level) >= lowest) sink[level](formatLine(level, message, fields));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const consoleLog = createLog(console);
