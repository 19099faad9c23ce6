// The trace context of an invocation: continued from the caller's traceparent if that is valid, else begun. Pure.

export type TraceContext = { readonly traceParent: string; readonly traceState: string };

// https://www.w3.org/TR/trace-context/#traceparent-header: version ff and ids of zeros are invalid, a later version may be longer.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

type Given = { readonly traceparent: string | undefined; readonly tracestate: string | undefined };

/**
 * The host answers each request under an activity of its own: same trace, new span. Its id is what functions see
 * (azure-functions-host, WorkerFunctionInvoker.cs), also when no header came.
 * @param randomHex gives that many hexadecimal digits
 */
export function traceContext({ traceparent, tracestate }: Given, randomHex: (digits: number) => string): TraceContext {
  const [, version, traceId, flags, more] = TRACEPARENT.exec(traceparent?.trim() ?? "") ?? [];
  if (traceId === undefined || (version === "00" && more !== undefined)) {
    return { traceParent: `00-${randomHex(32)}-${randomHex(16)}-00`, traceState: "" };
  }
  return { traceParent: `00-${traceId}-${randomHex(16)}-${flags}`, traceState: tracestate ?? "" };
}
