// Answers HTTP requests as the platform does before and around a function: CORS, routing, the empty 404, failures.
import { randomUUID } from "node:crypto";
import { Agent, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { corsPolicy, type HeaderPair } from "./cors.ts";
import { answerEmpty, forward } from "./forward.ts";
import { httpMetadata } from "./http-metadata.ts";
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
  /** Answers before the platform does: the media account has a policy of its own. */
  readonly media: Media | undefined;
  /** Answers what no function answers; false leaves it to the empty 404. */
  readonly besides: (incoming: IncomingMessage, path: string, response: ServerResponse) => boolean;
  readonly log: (line: string) => void;
};

export type Front = { readonly handler: RequestListener; running(): number; drain(): void; close(): void };

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i;

/** The headers as the app sees them in Azure: joined by commas, with what the front end adds. */
function platformHeaders({ rawHeaders, socket }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}${name === "cookie" ? "; " : ","}${value}`;
  }
  const address = socket.remoteAddress ?? "127.0.0.1";
  const peer = `${address.includes(":") ? `[${address}]` : address}:${socket.remotePort}`;
  const before = headers["x-forwarded-for"];
  headers["x-forwarded-for"] = before === undefined ? peer : `${before}, ${peer}`;
  headers["x-forwarded-proto"] = "http";
  return headers;
}

type Matched = {
  readonly match: RouteMatch;
  readonly path: RequestPath;
  readonly extra: readonly HeaderPair[];
  readonly json: JsonBody | undefined;
};

const one = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

export function httpFront({ app, table, cors, media, besides, log }: FrontOptions): Front {
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
    const preflight = policy.preflight({ method, header: (name) => one(headers[name]) });
    if (preflight) return void response.writeHead(204, preflight.flat()).end();
    const extra = policy.headers(headers.origin);
    const path = requestPath(url);
    if (!path || !HOST.test(headers.host ?? "")) return answerEmpty(response, 400, extra);
    if (draining) return answerEmpty(response, 503, [...extra, ["Connection", "close"]]);
    const match = table.find(method, path.path);
    if (!match) {
      if (!besides(incoming, path.path, response)) answerEmpty(response, 404, extra);
      return;
    }
    takeJsonBody(incoming).then(
      (json) => call(incoming, response, { match, path, extra, json }),
      () => response.destroy(),
    );
  };

  function call(incoming: IncomingMessage, response: ServerResponse, { match, path, extra, json }: Matched): void {
    const { headers } = incoming;
    const worker = app.worker();
    if (worker?.httpPort === undefined) {
      answerEmpty(response, 503, [...extra, ["Retry-After", "1"]]);
      return;
    }
    const id = randomUUID();
    const parts = { headers: platformHeaders(incoming), query: path.query, params: match.params };
    const invocation = {
      id,
      functionName: match.name,
      data: { http: {} },
      metadata: httpMetadata({ ...parts, ...(json && { properties: json.properties }) }),
      trace: traceContext({ traceparent: one(headers.traceparent), tracestate: one(headers.tracestate) }),
    };
    void worker.invoke(invocation).then((outcome) => {
      if (outcome.failure !== undefined) {
        app.reportFailure(invocation, outcome);
        answerEmpty(response, outcome.lost ? 502 : 500, extra);
      } else if (!outcome.answered) {
        log(
          `Function ${match.name} returned nothing (invocation ${id}); in Azure its caller would wait until it times out. Return a response.`,
        );
        answerEmpty(response, 500, extra);
      }
    });
    const onGone = () => worker.cancel(id);
    const to = { agent, port: worker.httpPort, target: path.target, invocationId: id, body: json?.bytes };
    forward(incoming, response, { ...to, extra, onGone });
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
