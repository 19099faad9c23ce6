// Handles HTTP requests as the platform does before and around a function: CORS, routing, the empty 404, failures.
import { randomUUID } from "node:crypto";
import { Agent, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type HeaderPair, rejectBody, sendEmpty } from "../exchange.ts";
import { corsPolicy } from "./cors.ts";
import { forward, forwardedHeaders } from "./forward.ts";
import { checkHost } from "./host-header.ts";
import { decodeHeaders, httpMetadata, platformHeaders } from "./http-metadata.ts";
import type { AccountFront } from "./media.ts";
import { bufferBody, contentLength, jsonMembers } from "./request-body.ts";
import { type RequestPath, requestPath } from "./request-path.ts";
import type { RouteMatch, RouteTable } from "./route-table.ts";
import type { App } from "./running-app.ts";
import { traceContext } from "./trace-context.ts";

export type FrontOptions = {
  readonly app: App;
  readonly table: RouteTable;
  /** Without slashes at its ends. */
  readonly routePrefix: string;
  readonly cors: readonly string[];
  /** Bytes of a request body. */
  readonly maxBodyBytes: number;
  /** Milliseconds that a forwarded request may stand still. @default 240000, as in Azure */
  readonly activityTimeout: number | undefined;
  /** Storage that browsers reach. Before the platform's CORS policy, which is not theirs. */
  readonly accounts: readonly AccountFront[];
  /** Serves a path that no function has; false leaves it to the empty 404. */
  readonly serveOther: (incoming: IncomingMessage, path: string, response: ServerResponse) => boolean;
  readonly log: (line: string) => void;
};

export type Front = {
  readonly handler: RequestListener;
  /** Number of requests without a complete response. */
  running(): number;
  /** From now on every request gets 503. */
  drain(): void;
  close(): void;
};

const ACTIVITY_TIMEOUT_MS = 240_000;

/** A request for which a function was found. */
type FunctionCall = {
  readonly match: RouteMatch;
  readonly path: RequestPath;
  readonly rawHeaders: readonly string[];
  readonly extraHeaders: readonly HeaderPair[];
};

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

export function httpFront({ app, table, routePrefix, cors, maxBodyBytes, log, ...options }: FrontOptions): Front {
  const { accounts, serveOther, activityTimeout = ACTIVITY_TIMEOUT_MS } = options;
  const policy = corsPolicy(cors);
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1024 });
  let running = 0;
  let draining = false;

  const handler: RequestListener = (incoming, response) => {
    running += 1;
    response.on("close", () => {
      running -= 1;
    });
    const { method = "GET", headers, headersDistinct, httpVersion, url = "/" } = incoming;
    if (!draining && accounts.some((account) => account.serve(incoming, response))) return;
    const path = requestPath(url);
    const rawHeaders = decodeHeaders(incoming.rawHeaders);
    const host = checkHost(headersDistinct.host ?? [], httpVersion);
    if (!path || !rawHeaders || host === "invalid") return sendEmpty(response, 400, [["Connection", "close"]]);

    // Azure applies the policy to every path. Other paths of this host are no part of the app.
    const hasPolicy = `${path.path}/`.toLowerCase().startsWith(routePrefix ? `/${routePrefix}/`.toLowerCase() : "/");
    const preflight = hasPolicy && policy.preflight({ method, header: (name) => first(headers[name]) });
    if (preflight) return void response.writeHead(204, preflight.flat()).end();
    const extraHeaders = hasPolicy ? policy.headers(headers.origin) : [];
    if (draining) return sendEmpty(response, 503, [...extraHeaders, ["Connection", "close"]]);
    const match = table.find(method, path.path);
    if (!match) {
      if (!serveOther(incoming, path.path, response)) sendEmpty(response, 404, extraHeaders);
      return;
    }
    if (host === "unusable") return sendEmpty(response, 500, extraHeaders);
    callFunction(incoming, response, { match, path, rawHeaders, extraHeaders }).catch((error: unknown) => {
      if (!response.closed) log(`The host failed for function ${match.name}: ${error}`);
      sendEmpty(response, 500, extraHeaders);
    });
  };

  /**
   * Sends the invocation to the worker and, at the same time, forwards the request to the library's server there. Only
   * that server responds. If the invocation fails first, its client waits until the forwarded request times out.
   * azure-functions-host, GrpcWorkerChannel.cs, InvokeResponse
   */
  async function callFunction(incoming: IncomingMessage, response: ServerResponse, call: FunctionCall): Promise<void> {
    const { match, path, rawHeaders, extraHeaders } = call;
    const { headers, socket } = incoming;
    // https://github.com/Azure/azure-functions-host/issues/10519: not 413
    if (contentLength(incoming) > maxBodyBytes) return rejectBody(incoming, response, 500, extraHeaders);
    const body = await bufferBody(incoming).catch(() => undefined);
    if (response.closed) return;
    const worker = app.worker();
    if (worker?.httpPort === undefined) return sendEmpty(response, 503, [...extraHeaders, ["Retry-After", "1"]]);

    const id = randomUUID();
    const properties = jsonMembers(body);
    const parts = { headers: platformHeaders({ rawHeaders, socket }), query: path.query, params: match.params };
    const invocation = {
      id,
      functionName: match.name,
      data: { http: {} },
      metadata: httpMetadata({ ...parts, properties }),
      trace: traceContext({ traceparent: first(headers.traceparent), tracestate: first(headers.tracestate) }),
    };
    const invoked = worker.invoke(invocation).then((outcome) => {
      const waits = "Its client waits until it times out, as in Azure.";
      if (outcome.failure !== undefined) app.reportFailure(invocation, outcome);
      else if (!outcome.hasResponse && !response.writableEnded)
        log(`Function ${match.name} returned nothing (invocation ${id}). ${waits} Return a response.`);
    });
    const isStreamed = headers["transfer-encoding"] !== undefined;
    const forwarded = forward(incoming, response, {
      agent,
      port: worker.httpPort,
      target: path.target,
      headers: forwardedHeaders(incoming, {
        rawHeaders,
        invocationId: id,
        length: isStreamed ? undefined : (body?.length ?? 0),
      }),
      body,
      extraHeaders,
      maxBodyBytes,
      activityTimeout,
    });
    const [isComplete] = await Promise.all([forwarded, invoked]);
    if (isComplete) return;
    if (incoming.complete) sendEmpty(response, 500, extraHeaders);
    else rejectBody(incoming, response, 500, extraHeaders);
  }

  return {
    handler,
    running: () => running,
    drain: () => {
      draining = true;
    },
    close: () => agent.destroy(),
  };
}
