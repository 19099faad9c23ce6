// Handles HTTP requests as the platform does before and around a function: CORS, routing, the empty 404, failures.
import { randomUUID } from "node:crypto";
import { Agent, type IncomingMessage, type RequestListener, request, type ServerResponse } from "node:http";
import { exchange, type HeaderPair, sendEmpty } from "../exchange.ts";
import { corsPolicy } from "./cors.ts";
import { httpMetadata, platformHeaders } from "./http-metadata.ts";
import { type JsonBody, takeJsonBody } from "./json-body.ts";
import type { Media } from "./media.ts";
import { type RequestPath, requestPath } from "./request-path.ts";
import type { RouteMatch, RouteTable } from "./route-table.ts";
import type { App } from "./running-app.ts";
import { traceContext } from "./trace-context.ts";

export type FrontOptions = {
  readonly app: App;
  readonly table: RouteTable;
  readonly cors: readonly string[];
  /** Served before the platform's CORS policy: the media account has its own. */
  readonly media: Media | undefined;
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

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i;

/** A request for which a function was found. */
type FunctionCall = {
  readonly match: RouteMatch;
  readonly path: RequestPath;
  readonly extraHeaders: readonly HeaderPair[];
  readonly json: JsonBody | undefined;
};

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** The headers of the streamed request. The library reads all others from the trigger metadata (HttpRequest.ts). */
function streamHeaders({ headers }: IncomingMessage, invocationId: string): Record<string, string> {
  const { "content-length": length, "transfer-encoding": encoding, host = "" } = headers;
  return {
    "x-forwarded-host": host,
    "x-forwarded-proto": "http",
    "x-ms-invocation-id": invocationId,
    ...(encoding !== undefined
      ? { "transfer-encoding": "chunked" }
      : length !== undefined && { "content-length": length }),
  };
}

export function httpFront({ app, table, cors, media, serveOther, log }: FrontOptions): Front {
  const policy = corsPolicy(cors);
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1024 });
  let running = 0;
  let draining = false;

  const handler: RequestListener = (incoming, response) => {
    running += 1;
    response.on("close", () => {
      running -= 1;
    });
    const { method = "GET", headers, url = "/" } = incoming;
    if (!draining && media?.serve(incoming, response)) return;
    const preflight = policy.preflight({ method, header: (name) => first(headers[name]) });
    if (preflight) return void response.writeHead(204, preflight.flat()).end();
    const extraHeaders = policy.headers(headers.origin);
    const path = requestPath(url);
    if (!path || !HOST.test(headers.host ?? "")) return sendEmpty(response, 400, extraHeaders);
    if (draining) return sendEmpty(response, 503, [...extraHeaders, ["Connection", "close"]]);
    const match = table.find(method, path.path);
    if (!match) {
      if (!serveOther(incoming, path.path, response)) sendEmpty(response, 404, extraHeaders);
      return;
    }
    takeJsonBody(incoming).then(
      (json) => callFunction(incoming, response, { match, path, extraHeaders, json }),
      () => response.destroy(),
    );
  };

  /** Sends the invocation to the worker and, at the same time, streams the request to the library's server there. */
  function callFunction(incoming: IncomingMessage, response: ServerResponse, call: FunctionCall): void {
    const { match, path, extraHeaders, json } = call;
    const { headers, method } = incoming;
    const worker = app.worker();
    if (worker?.httpPort === undefined) {
      sendEmpty(response, 503, [...extraHeaders, ["Retry-After", "1"]]);
      return;
    }
    const id = randomUUID();
    const parts = { headers: platformHeaders(incoming), query: path.query, params: match.params };
    const invocation = {
      id,
      functionName: match.name,
      data: { http: {} },
      metadata: httpMetadata({ ...parts, ...(json && { properties: json.properties }) }),
      trace: traceContext({ traceparent: first(headers.traceparent), tracestate: first(headers.tracestate) }),
    };
    void worker.invoke(invocation).then((outcome) => {
      if (outcome.failure !== undefined) {
        app.reportFailure(invocation, outcome);
        sendEmpty(response, outcome.isLost ? 502 : 500, extraHeaders);
      } else if (!outcome.hasResponse) {
        const effect = "In Azure its client would wait until it times out. Return a response.";
        log(`Function ${match.name} returned nothing (invocation ${id}). ${effect}`);
        sendEmpty(response, 500, extraHeaders);
      }
    });
    const address = { agent, host: "127.0.0.1", port: worker.httpPort, path: path.target };
    const outgoing = request({ ...address, method, headers: streamHeaders(incoming, id) });
    exchange(incoming, response, outgoing, {
      extraHeaders,
      onDisconnect: () => worker.cancel(id),
      body: json?.bytes,
    });
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
