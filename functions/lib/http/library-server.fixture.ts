// The library's own HTTP server with the routes of the app, driven as the host and the worker do: one raw connection
// carries the forwarded requests, and each invocation runs through the library's model.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { httpMetadata } from "../../../local/host/http-metadata.ts";
import type { Invocation, Outcome } from "../../../local/host/messages.ts";
import { installCore } from "../../../local/host/worker-core.ts";
import { invoke } from "../../../local/host/worker-invoke.ts";
import { startProxy } from "../../../local/host/worker-load.ts";
import type { EndpointDeps } from "./context.ts";
import { endpoint } from "./endpoint.ts";
import { watchInvocations } from "./library.ts";
import type { Route } from "./route.ts";

export type Forwarded = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly isChunked?: boolean;
  readonly params?: Readonly<Record<string, string>>;
  /** Properties that the host took from the query or a JSON body: they replace parts of the request. */
  readonly forged?: Readonly<Record<string, string>>;
  /** The invocation's. @default a new one */
  readonly id?: string;
  /** The host that the client named. */
  readonly host?: string;
  /** The Expect header on the wire. */
  readonly expect?: string;
};

export type LibraryResponse = { readonly status: number; readonly headers: string; readonly text: string };

const HEADERS_END = "\r\n\r\n";

/** Reads one response of known length from the connection. */
async function readResponse(socket: Socket): Promise<LibraryResponse> {
  let text = "";
  for (;;) {
    const end = text.indexOf(HEADERS_END);
    if (end >= 0) {
      const headers = text.slice(0, end);
      const body = text.slice(end + HEADERS_END.length);
      const length = /^content-length: (\d+)/im.exec(headers)?.[1];
      const isEnded = length === undefined ? body.endsWith("0\r\n\r\n") : body.length >= Number(length);
      const status = Number(headers.slice(9, 12));
      if (isEnded) return { status, headers, text: body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, "") };
    }
    const [chunk] = (await once(socket, "data")) as [Buffer];
    text += chunk.toString("latin1");
  }
}

const core = installCore(() => {});
const { app } = await import("@azure/functions");
app.setup({ enableHttpStream: true });

/** One server for each test file: the library has one for each process. */
export async function startLibraryServer<D extends EndpointDeps>(routes: readonly Route<D>[], deps: D) {
  for (const route of routes)
    app.http(route.name, { methods: [], route: route.path.slice(1), handler: endpoint(route, deps) });
  watchInvocations(deps.receivedRequests, { tickMs: 10 });
  const model = core.model();
  const proxy = model && (await startProxy(model));
  if (!model || !proxy) throw new Error("The library has not started its server");
  const port = Number(new URL(proxy.uri).port);

  async function open(): Promise<Socket> {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  }

  const run = (id: string, functionName: string, metadata: Invocation["metadata"]): Promise<Outcome> => {
    const invocation = { id, functionName, data: { http: {} }, metadata, trace: { traceParent: "", traceState: "" } };
    return invoke(core, invocation, () => {});
  };

  /** Forwards a request and starts its invocation. @param functionName undefined: the invocation never comes */
  async function forward(socket: Socket, functionName: string | undefined, request: Forwarded) {
    const { method, target, headers = {}, body = new Uint8Array(), isChunked, params = {}, forged = {} } = request;
    const { id = randomUUID() } = request;
    const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${body.length}`;
    const hasBody = isChunked || body.length > 0;
    const lines = [
      `${method} ${target} HTTP/1.1`,
      "host: localhost",
      `x-forwarded-host: ${request.host ?? "localhost"}`,
      "x-forwarded-proto: http",
      `x-ms-invocation-id: ${id}`,
      ...(request.expect === undefined ? [] : [`expect: ${request.expect}`]),
      ...(hasBody ? [framing] : []),
    ];
    const response = readResponse(socket);
    socket.write(lines.join("\r\n") + HEADERS_END);
    if (isChunked) {
      if (body.length > 0) {
        socket.write(`${body.length.toString(16)}\r\n`);
        socket.write(body);
        socket.write("\r\n");
      }
      socket.write("0\r\n\r\n");
    } else if (hasBody) socket.write(body);
    const query = new URL(target, "http://localhost").search;
    const metadata = httpMetadata({ headers, query, params, properties: forged });
    const start = (name: string) => run(id, name, metadata);
    const outcome = functionName === undefined ? undefined : start(functionName);
    return { id, response, outcome, run: start };
  }
  return { open, forward, run, model };
}
