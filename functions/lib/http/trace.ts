// Which id a request is traced by, in every log line, error and X-Trace-ID header. Pure.

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
/** The 32 digits, or a UUID: the same digits with hyphens. */
const ASKED = /^([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/**
 * W3C Trace Context: version, trace id, parent id, flags; only versions after 00 may say more.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
const TRACEPARENT = /^(?!ff|00.{53}-)[0-9a-f]{2}-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

function traceIdOf(traceparent: string | null | undefined): string | undefined {
  const id = TRACEPARENT.exec(traceparent?.trim().toLowerCase() ?? "")?.[1];
  return id && TRACE_ID.test(id) ? id : undefined;
}

export type Trace = {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The id that Application Insights files the request under, when the caller chose another. */
  readonly operationId?: string;
};

function askedIdOf(header: string | null): string | undefined {
  const id = ASKED.exec(header?.trim().toLowerCase() ?? "")?.[1]?.replaceAll("-", "");
  return id && TRACE_ID.test(id) ? id : undefined;
}

/**
 * A valid X-Trace-ID wins; then the host's own trace context, so that our logs and Application Insights agree; then
 * the traceparent header; then a new id.
 */
export function traceOf(headers: Headers, hostTraceparent: string | null | undefined): Trace {
  const traceId = askedIdOf(headers.get("x-trace-id"));
  const operationId = traceIdOf(hostTraceparent) ?? traceIdOf(headers.get("traceparent"));
  if (traceId) return { traceId, ...(operationId && { operationId }) };
  return { traceId: operationId ?? crypto.randomUUID().replaceAll("-", "") };
}
