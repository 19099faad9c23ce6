// The state of one HTTP request. Every step of the boundary receives it.
import type { HttpRequest, InvocationContext } from "@azure/functions";
import type { Authenticate } from "../access/authenticate.ts";
import type { AppError } from "../errors.ts";
import type { Limits } from "../limits/limiter.ts";
import type { Meter } from "../meter.ts";
import { type PeekableBody, peekable, readChunks } from "./body.ts";
import { clientAddress } from "./forged-headers.ts";
import type { ErrorShape } from "./operation.ts";
import type { ReceivedRequest, ReceivedRequests } from "./received-requests.ts";
import type { Route } from "./route.ts";
import { type Trace, traceOf } from "./trace.ts";

export type EndpointDeps = {
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly meter: Meter;
  readonly receivedRequests: ReceivedRequests;
};

export type HttpContext = {
  readonly route: Route<never>;
  readonly deps: EndpointDeps;
  readonly request: HttpRequest;
  readonly invocation: InvocationContext;
  /** The request as Node.js's server received it. */
  readonly received: ReceivedRequest | undefined;
  readonly trace: Trace;
  readonly errorShape: ErrorShape | undefined;
  /** Milliseconds, on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly body: PeekableBody;
  /** The subject of limits that count by address. The first call may read the beginning of the body. */
  readonly address: () => Promise<string>;
  /** Bytes of the body that the app has read. */
  bytesRead: number;
  /** RateLimit and RateLimit-Policy of the limits that have counted this request. */
  limitHeaders: Readonly<Record<string, string>>;
  /** Subject of the verified token. */
  callerId?: string;
  error?: AppError;
};

export function createContext(
  parts: Pick<HttpContext, "route" | "deps" | "request" | "invocation" | "received">,
): HttpContext {
  const { invocation, received, request, route } = parts;
  async function* countBytes() {
    for await (const chunk of readChunks(request)) {
      context.bytesRead += chunk.byteLength;
      yield chunk;
    }
  }
  const body = peekable(countBytes());
  let address: Promise<string> | undefined;
  const context: HttpContext = {
    ...parts,
    trace: traceOf(request.headers, invocation.traceContext?.traceParent),
    errorShape: route.operation.errorShape,
    startedAt: performance.now(),
    body,
    address: () => (address ??= clientAddress({ request, received, body })),
    bytesRead: 0,
    limitHeaders: {},
  };
  return context;
}
