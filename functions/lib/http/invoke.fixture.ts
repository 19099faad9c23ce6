// Calls a route's function as the host does, through the library's request, context and response, and keeps its log.
import { type Cookie, HttpRequest, type HttpRequestInit, HttpResponse, InvocationContext } from "@azure/functions";
import type { ErrorCode } from "../errors.ts";
import { unlimited } from "../limits/limiter.ts";
import { silentMeter } from "../meter.ts";
import type { EndpointDeps } from "./context.ts";
import { endpoint } from "./endpoint.ts";
import type { Route } from "./route.ts";

export type Call = {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** The host's own trace context. */
  readonly traceParent?: string;
};

/** The one error shape. */
export type ErrorBody = {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly trace_id: string;
    readonly details?: readonly { readonly path: string; readonly message: string }[];
  };
};

export type InvokeResponse = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** The library sends them apart from the headers. */
  readonly cookies: readonly Cookie[];
  /** The body of an error response. */
  readonly error: () => ErrorBody["error"];
  /** Every log line, parsed, with its level. */
  readonly lines: readonly (Readonly<Record<string, unknown>> & { readonly loggedAt: string })[];
};

/** The request as the library creates it with HTTP streaming. */
function requestOf({ method = "GET", url = "http://localhost/api/x", headers = {}, params = {}, body }: Call) {
  const native = new Request(url, { method, headers, duplex: "half", ...(body !== undefined && { body }) });
  // Request adds a Content-Type to strings, but a test that sends none means none.
  if (!Object.keys(headers).some((name) => name.toLowerCase() === "content-type"))
    native.headers.delete("content-type");
  return new HttpRequest({ nativeRequest: native, params } as HttpRequestInit);
}

/** Without limits and metrics, unless `deps` contains them. */
export async function invoke<D extends Partial<EndpointDeps>>(
  route: Route<D>,
  deps: D,
  call: Call = {},
): Promise<InvokeResponse> {
  const lines: InvokeResponse["lines"][number][] = [];
  const context = new InvocationContext({
    functionName: route.name,
    invocationId: crypto.randomUUID(),
    logHandler: (loggedAt, line) => lines.push({ ...JSON.parse(line as string), loggedAt }),
    ...(call.traceParent !== undefined && { traceContext: { traceParent: call.traceParent } }),
  });
  const { body = "" } = call;
  const contentLength = body instanceof ReadableStream ? 0 : Buffer.byteLength(body);
  const init = await endpoint(
    route as Route<D & EndpointDeps>,
    {
      limits: unlimited,
      meter: silentMeter,
      receivedRequests: { claim: () => ({ contentLength, repeatsAuthorization: false }), fail() {} },
      ...deps,
    } as D & EndpointDeps,
  )(requestOf(call), context);
  const response = new HttpResponse(init as ConstructorParameters<typeof HttpResponse>[0]);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = Buffer.from(bytes).toString();
  return {
    status: response.status,
    // The library's Headers are undici's own; the standard ones are easier to type.
    headers: new Headers([...response.headers]),
    text,
    bytes,
    cookies: response.cookies,
    error: () => (JSON.parse(text) as ErrorBody).error,
    lines,
  };
}
