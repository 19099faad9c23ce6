// Structured logs: one JSON object a line, through whichever sink the caller has (an invocation's context, or the console).

export type LogFields = Readonly<Record<string, unknown>>;
export type Log = {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
};
type Sink = Record<"info" | "warn" | "error", (line: string) => void>;

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

export function createLog(sink: Sink): Log {
  const at =
    (level: keyof Sink): Log[typeof level] =>
    (event, fields = {}) => {
      const { error, ...rest } = fields;
      sink[level](
        JSON.stringify({ level, event, ...rest, ...(error !== undefined && { error: describeError(error) }) }),
      );
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

export const consoleLog = createLog(console);
