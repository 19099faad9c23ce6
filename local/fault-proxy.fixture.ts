// A proxy between an SDK and a store that injects faults and counts calls: for tests of lost, late and rejected calls. Its
// responses from tables are as unkind as those of Cosmos DB: see cosmos-reads.fixture.ts.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import {
  asCosmosSends,
  createReplica,
  cutPage,
  isTableCall,
  type Replica,
  rowOf,
  type StoreResponse,
} from "./cosmos-reads.fixture.ts";
import { endToEndHeaders } from "./exchange.ts";
import { listen } from "./listen.ts";
import { type HttpsProxy, type ProxyOptions, startProxy } from "./proxy.ts";

export type Fault =
  /** The connection is closed at once; the store does not receive the request. */
  | { kind: "drop" }
  /** Forwarded after `ms`. */
  | { kind: "delay"; ms: number }
  /** The proxy responds; the store does not receive the request. `retryAfter` is in seconds. */
  | { kind: "status"; status: number; retryAfter?: number }
  /** TCP reset; the store does not receive the request. */
  | { kind: "reset-before" }
  /** TCP reset after the store has applied the request. */
  | { kind: "reset-after" }
  /** The store applies the request, and the client receives no response until it gives up. */
  | { kind: "swallow" }
  /** Forwarded when the promise settles, even if the client has disconnected: a late delivery. */
  | { kind: "hold"; until: Promise<unknown> };

export type ProxiedRequest = {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  /** 1 for the first request since the proxy started. */
  ordinal: number;
};
export type Rule = (request: ProxiedRequest) => Fault | undefined;

export type FaultProxy = {
  /** The target's address with this proxy's port. */
  url: string;
  /** Number of requests received, with or without a fault. */
  calls(): number;
  callsByMethod(): Record<string, number>;
  /** Number of requests held now; each has been read completely. */
  held(): number;
  /** Sets the rule that chooses the fault of each later request; undefined forwards everything. */
  decide(rule: Rule | undefined): void;
  /**
   * From now on reads of single rows return the row as it was `ms` milliseconds ago, also none for a row just created.
   * The proxy sees only the writes that pass it. Zero ends it.
   */
  lag(ms: number): void;
  /**
   * Cuts the results of queries into pages of the sizes that `size` returns, at most what the client asks for. Zero is an
   * empty page with a continuation token, as Cosmos DB sends. The rows are in no order across all pages. Undefined ends it.
   */
  cutPages(size: (() => number) | undefined): void;
  /** Stops listening and drops all connections: connection refused. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
  close(): Promise<void>;
};

/** Starts a proxy in front of `target`. */
export async function startFaultProxy(options: Pick<ProxyOptions, "target" | "certificate">): Promise<FaultProxy> {
  const name = "The fault proxy";
  const counts = new Map<string, number>();
  const sockets = new Map<number, Socket>();
  let calls = 0;
  let held = 0;
  let rule: Rule | undefined;
  let replica: Replica | undefined;
  let pageSize: (() => number) | undefined;

  async function inject(fault: Fault, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (fault.kind === "drop") return void incoming.socket.destroy();
    if (fault.kind === "reset-before") return reset(incoming);
    if (fault.kind === "status") {
      incoming.resume();
      const retryAfter = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      const error = { code: "Fault", message: { lang: "en-US", value: "Injected by the proxy." } };
      response.writeHead(fault.status, { "content-type": "application/json", ...retryAfter });
      return void response.end(JSON.stringify({ "odata.error": error }));
    }
    const body = await buffer(incoming);
    if (fault.kind === "delay") await wait(fault.ms);
    if (fault.kind === "hold") {
      held += 1;
      await fault.until.catch(() => {});
      held -= 1;
    }
    const { status, headers, bytes } = await apply(incoming, body);
    if (fault.kind === "reset-after") return reset(incoming);
    if (fault.kind === "swallow" || response.destroyed) return;
    response.writeHead(status, headers).end(bytes);
  }

  function reset(incoming: IncomingMessage): void {
    sockets.get(incoming.socket.remotePort ?? 0)?.resetAndDestroy();
  }

  async function send(request: Parameters<HttpsProxy["send"]>[0], body?: Buffer): Promise<StoreResponse> {
    const received = await new Promise<IncomingMessage>((resolve, reject) =>
      proxy.send(request).on("response", resolve).on("error", reject).end(body),
    );
    const { statusCode: status = 502, headers } = received;
    return { status, headers: endToEndHeaders(headers), bytes: await buffer(received) };
  }

  /** Sends the request to the store, whether or not the client is still connected. */
  async function apply(incoming: IncomingMessage, body: Buffer): Promise<StoreResponse> {
    const { method = "", url = "", headers } = incoming;
    if (!isTableCall(headers)) return send(incoming, body);
    const isQuery = method === "GET" && !/\(PartitionKey='/.test(decodeURIComponent(url));
    if (pageSize && isQuery)
      return asCosmosSends(await cutPage(url, pageSize(), (page) => send({ method, url: page, headers })));
    const row = replica && rowOf({ method, url, body });
    if (!replica || row === undefined) return asCosmosSends(await send(incoming, body));
    if (method === "GET") return replica.read(row) ?? asCosmosSends(await send(incoming, body));
    const { authorization, host, "x-ms-version": version } = headers;
    const read = { authorization, host, "x-ms-version": version, accept: "application/json;odata=minimalmetadata" };
    const before = method === "POST" ? undefined : asCosmosSends(await send({ method: "GET", url, headers: read }));
    const response = asCosmosSends(await send(incoming, body));
    if (response.status < 300) replica.supersede(row, before);
    return response;
  }

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, bytes } = await apply(incoming, await buffer(incoming));
    response.writeHead(status, headers).end(bytes);
  }

  const proxy: HttpsProxy = await startProxy({
    ...options,
    name,
    intercept(incoming, response) {
      const { method = "", url = "", headers } = incoming;
      calls += 1;
      counts.set(method, (counts.get(method) ?? 0) + 1);
      const fault = rule?.({ method, url, headers, ordinal: calls });
      if (!fault && !isTableCall(headers)) return false;
      // An error here means that the client or the store has disconnected: close the connection.
      (fault ? inject(fault, incoming, response) : forward(incoming, response)).catch(() => response.destroy());
      return true;
    },
  });
  // A TLS socket cannot be reset; the TCP socket below it can.
  proxy.server.on("connection", (socket) => {
    if (!(socket instanceof Socket)) return;
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once("close", () => sockets.delete(port));
  });
  let { stop } = proxy;
  return {
    url: proxy.url,
    calls: () => calls,
    held: () => held,
    callsByMethod: () => Object.fromEntries(counts),
    decide: (next) => {
      rule = next;
    },
    lag: (ms) => {
      replica = ms > 0 ? createReplica(ms) : undefined;
    },
    cutPages: (size) => {
      pageSize = size;
    },
    stop: () => stop(),
    start: async () => {
      ({ close: stop } = await listen(proxy.server, name, proxy.port));
    },
    close: proxy.close,
  };
}
