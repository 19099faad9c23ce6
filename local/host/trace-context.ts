// The trace context of an invocation: continues a valid traceparent of the client, or starts a trace.
import { randomUUID } from "node:crypto";

export type TraceContext = { readonly traceParent: string; readonly traceState: string };

// https://www.w3.org/TR/trace-context/#traceparent-header: version ff and ids of zeros are invalid, a later version may be longer.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

/** Up to 32 hexadecimal digits. randomUUID has a pool of random bytes, which makes it fast for every request. */
const randomHex = (digits: number) => randomUUID().replaceAll("-", "").slice(0, digits);

type TraceHeaders = { readonly traceparent: string | undefined; readonly tracestate: string | undefined };

/**
 * The host runs each invocation in an activity of its own: same trace, new span. Functions receive its id, also without
 * a header. azure-functions-host, WorkerFunctionInvoker.cs
 */
export function traceContext({ traceparent, tracestate }: TraceHeaders): TraceContext {
  const [, version, traceId, flags, more] = TRACEPARENT.exec(traceparent?.trim() ?? "") ?? [];
  if (traceId === undefined || (version === "00" && more !== undefined)) {
    return { traceParent: `00-${randomHex(32)}-${randomHex(16)}-00`, traceState: "" };
  }
  return { traceParent: `00-${traceId}-${randomHex(16)}-${flags}`, traceState: tracestate ?? "" };
}
