// Chooses the trace id of a request, for its log lines, errors and X-Trace-ID header. Pure.

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
/** The 32 digits, or a UUID: the same digits with hyphens. */
const CLIENT_ID = /^([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/**
 * W3C Trace Context: version, trace id, parent id, flags; only versions after 00 may have more fields.
 * https://www.w3.org/TR/trace-context/#traceparent-header
 */
const TRACEPARENT = /^(?!ff|00.{53}-)[0-9a-f]{2}-([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/;

type TraceParent = { readonly id?: string | undefined; readonly parentId?: string | undefined };

function parseTraceParent(traceparent: string | null | undefined): TraceParent {
  const [, id, parentId] = TRACEPARENT.exec(traceparent?.trim().toLowerCase() ?? "") ?? [];
  return id && TRACE_ID.test(id) ? { id, parentId } : {};
}

export type Trace = {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** The id of the request in Application Insights, if the client chose another trace id. */
  readonly operationId?: string;
  /** 16 lower-case hex digits: the span of the request in Application Insights. */
  readonly parentId?: string;
};

function clientIdOf(header: string | null): string | undefined {
  const id = CLIENT_ID.exec(header?.trim().toLowerCase() ?? "")?.[1]?.replaceAll("-", "");
  return id && TRACE_ID.test(id) ? id : undefined;
}

/**
 * In order: a valid X-Trace-ID; the host's own trace context, so that our logs and Application Insights agree; the
 * traceparent header; a new id.
 */
export function traceOf(headers: Headers, hostTraceparent: string | null | undefined): Trace {
  const traceId = clientIdOf(headers.get("x-trace-id"));
  const host = parseTraceParent(hostTraceparent);
  const { id: operationId, parentId } = host.id ? host : parseTraceParent(headers.get("traceparent"));
  const parent = parentId && { parentId };
  if (traceId) return { traceId, ...(operationId && { operationId }), ...parent };
  return { traceId: operationId ?? crypto.randomUUID().replaceAll("-", ""), ...parent };
}
