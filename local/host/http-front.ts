// Answers HTTP requests as the platform does before and around a function: CORS, routing, the empty 404, failures.
import { randomUUID } from "node:crypto";
import { Agent, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { corsPolicy } from "./cors.ts";
import { answerEmpty, forward } from "./forward.ts";
import { httpMetadata } from "./http-metadata.ts";
import type { Media } from "./media.ts";
import { requestPath } from "./request-path.ts";
import type { RouteTable } from "./route-table.ts";
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
    const worker = app.worker();
    if (worker?.httpPort === undefined) return answerEmpty(response, 503, [...extra, ["Retry-After", "1"]]);

    const id = randomUUID();
    const invocation = {
      id,
      functionName: match.name,
      data: { http: {} },
      metadata: httpMetadata({ headers: platformHeaders(incoming), query: path.query, params: match.params }),
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
    forward(incoming, response, { agent, port: worker.httpPort, target: path.target, invocationId: id, extra, onGone });
  };

  return {
    handler,
    running: () => running,
    drain: () => {
      draining = true;
    },
    close: () => agent.destroy(),
  };
}
