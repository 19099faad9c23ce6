// Which id a request is traced by, in every log line, error and X-Trace-ID header. Pure.

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
/** The 32 digits, or a UUID: the same digits with hyphens. */
const ASKED = /^([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/**
 * W3C Trace Context: version, trace id, parent id, flags; only versions after 00 may say more.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
const TRACEPARENT = /^(?!ff|00.{53}-)[0-9a-f]{2}-([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/;

type Sent = { readonly id?: string | undefined; readonly parentId?: string | undefined };

function read(traceparent: string | null | undefined): Sent {
  const [, id, parentId] = TRACEPARENT.exec(traceparent?.trim().toLowerCase() ?? "") ?? [];
  return id && TRACE_ID.test(id) ? { id, parentId } : {};
}

export type Trace = {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The id that Application Insights files the request under, when the caller chose another. */
  readonly operationId?: string;
  /** 16 lower-case hex digits: the span that Application Insights has for the request itself. */
  readonly parentId?: string;
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
  const host = read(hostTraceparent);
  const { id: operationId, parentId } = host.id ? host : read(headers.get("traceparent"));
  const parent = parentId && { parentId };
  if (traceId) return { traceId, ...(operationId && { operationId }), ...parent };
  return { traceId: operationId ?? crypto.randomUUID().replaceAll("-", ""), ...parent };
}
