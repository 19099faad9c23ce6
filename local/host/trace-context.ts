// The trace context of an invocation: continued from the caller's traceparent if that is valid, else begun.
import { randomUUID } from "node:crypto";

export type TraceContext = { readonly traceParent: string; readonly traceState: string };

// https://www.w3.org/TR/trace-context/#traceparent-header: version ff and ids of zeros are invalid, a later version may be longer.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;

/** That many hexadecimal digits, up to 32; from the pool that node:crypto keeps for UUIDs, since every request takes two. */
export const randomHex = (digits: number) => randomUUID().replaceAll("-", "").slice(0, digits);

type Given = { readonly traceparent: string | undefined; readonly tracestate: string | undefined };

/**
 * The host answers each request under an activity of its own: same trace, new span. Its id is what functions see
 * (azure-functions-host, WorkerFunctionInvoker.cs), also when no header came.
 */
export function traceContext({ traceparent, tracestate }: Given): TraceContext {
  const [, version, traceId, flags, more] = TRACEPARENT.exec(traceparent?.trim() ?? "") ?? [];
  if (traceId === undefined || (version === "00" && more !== undefined)) {
    return { traceParent: `00-${randomHex(32)}-${randomHex(16)}-00`, traceState: "" };
  }
  return { traceParent: `00-${traceId}-${randomHex(16)}-${flags}`, traceState: tracestate ?? "" };
}
