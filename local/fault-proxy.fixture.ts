// Stands between an SDK and a store and misbehaves on demand: for tests of lost, late and refused calls, and to count calls.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as send } from "node:https";
import { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { LOOPBACK, listen } from "./listen.ts";

export type Fault =
  /** The connection is dropped at once; the store never sees the request. */
  | { kind: "drop" }
  /** Forwarded after `ms`. */
  | { kind: "delay"; ms: number }
  /** Answered here; the store never sees the request. `retryAfter` is in seconds. */
  | { kind: "status"; status: number; retryAfter?: number }
  /** TCP reset before the store sees the request. */
  | { kind: "reset-before" }
  /** TCP reset after the store has applied it. */
  | { kind: "reset-after" }
  /** The store applies it and the answer never comes: the connection hangs until the client gives up. */
  | { kind: "swallow" }
  /** Kept here until the promise settles, then forwarded even if the client has gone: a late delivery. */
  | { kind: "hold"; until: Promise<unknown> };

export type ProxiedRequest = {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  /** 1 for the first request since the proxy was made. */
  ordinal: number;
};
export type Rule = (request: ProxiedRequest) => Fault | undefined;
export type StoreAnswer = { status: number; headers: IncomingMessage["headers"] };

export type FaultProxy = {
  /** The target's address with this proxy's port. */
  url: string;
  /** Requests received, whatever became of them. */
  calls(): number;
  callsByMethod(): Record<string, number>;
  /** Requests held at this moment, each read to its end. */
  held(): number;
  /** Asked for each request from now on; undefined forwards everything. */
  decide(rule: Rule | undefined): void;
  /** Stops listening and drops all connections: connection refused. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
};

type FaultProxyOptions = {
  target: string;
  certificate: { cert: string; key: string };
  /** Told each answer of the store before the client is, also when the client will never get it. */
  onAnswer?: (request: ProxiedRequest, answer: StoreAnswer) => void;
  /** What a taken port is reported for. */
  name?: string;
  /** A free one for 0. */
  port?: number;
};

/** Starts a proxy before `target`, HTTPS on both sides with the development certificate. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { onAnswer = () => {}, name = "The fault proxy" } = options;
  const { cert, key } = options.certificate;
  const target = new URL(options.target);
  const agent = new Agent({ keepAlive: true, ca: cert });
  const counts = new Map<string, number>();
  const sockets = new Map<number, Socket>();
  const held = new Set<IncomingMessage>();
  let calls = 0;
  let rule: Rule | undefined;

  const server = createServer({ cert, key }, (request, response) => {
    const method = request.method ?? "";
    calls += 1;
    counts.set(method, (counts.get(method) ?? 0) + 1);
    const seen = { method, url: request.url ?? "", headers: request.headers, ordinal: calls };
    const fault = rule?.(seen);
    const observe = (answer: StoreAnswer) => onAnswer(seen, answer);
    const reset = () => sockets.get(request.socket.remotePort ?? 0)?.resetAndDestroy();
    // What fails here is a client or a store that has gone, and for both the dropped connection is the answer.
    handle({ request, response, target, agent, held, reset, observe }, fault).catch(() => response.destroy());
  });
  // A TLS socket cannot be reset, the TCP socket below it can.
  server.on("connection", (socket) => {
    if (!(socket instanceof Socket)) return;
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once("close", () => sockets.delete(port));
  });

  let listening = await listen(server, name, options.port);
  const { port } = listening;
  const stop = () => listening.close();
  return {
    url: `https://${LOOPBACK}:${port}${target.pathname.replace(/\/$/, "")}`,
    calls: () => calls,
    held: () => held.size,
    callsByMethod: () => Object.fromEntries(counts),
    decide: (next) => {
      rule = next;
    },
    stop,
    start: async () => {
      listening = await listen(server, name, port);
    },
    close: async () => {
      await stop();
      agent.destroy();
    },
  };
}

type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  target: URL;
  agent: Agent;
  held: Set<IncomingMessage>;
  reset: () => void;
  observe: (answer: StoreAnswer) => void;
};

async function handle(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { request, response, held, reset } = exchange;
  switch (fault?.kind) {
    case undefined:
      return relay(exchange, await forward(exchange));
    case "drop":
      request.socket.destroy();
      return;
    case "reset-before":
      reset();
      return;
    case "status": {
      request.resume();
      const retryAfter = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      response.writeHead(fault.status, { "content-type": "application/json", ...retryAfter });
      response.end(
        JSON.stringify({ "odata.error": { code: "Fault", message: { lang: "en-US", value: "By the proxy." } } }),
      );
      return;
    }
    case "delay": {
      const body = await buffer(request);
      await wait(fault.ms);
      return relay(exchange, await forward(exchange, body));
    }
    case "hold": {
      const body = await buffer(request);
      held.add(request);
      await fault.until.catch(() => {});
      held.delete(request);
      return relay(exchange, await forward(exchange, body));
    }
    case "reset-after":
      await buffer(await forward(exchange));
      reset();
      return;
    case "swallow":
      await buffer(await forward(exchange, await buffer(request)));
  }
}

/** Sends the request on, streaming its body unless it was read already, and gives the store's answer. */
function forward({ request, target, agent, observe }: Exchange, body?: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { connection: _, ...headers } = request.headers;
    const { hostname, port } = target;
    const outgoing = send({ agent, hostname, port, method: request.method, path: request.url, headers });
    outgoing.on("response", (answer) => {
      observe({ status: answer.statusCode ?? 0, headers: answer.headers });
      resolve(answer);
    });
    outgoing.on("error", reject);
    if (body) outgoing.end(body);
    else pipeline(request, outgoing).catch(reject);
  });
}

async function relay({ response }: Exchange, answer: IncomingMessage): Promise<void> {
  const { connection: _, "keep-alive": __, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  await pipeline(answer, response);
}
