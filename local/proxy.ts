// An HTTPS proxy in front of one service of the local Azure, with the development certificate on both sides.
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request, type Server } from "node:https";
import type { Certificate } from "./certificate.ts";
import { endToEndHeaders, exchange, guarded } from "./exchange.ts";
import { LOOPBACK, listen } from "./listen.ts";

export type ProxyOptions = {
  target: string;
  certificate: Pick<Certificate, "cert" | "key">;
  /** Name of the proxy in the message about a port in use. */
  name: string;
  /** @default 0, any free port */
  port?: number | undefined;
  /** Called with each response of the service before the client receives it. */
  onResponse?: (incoming: IncomingMessage, received: IncomingMessage) => void;
  /** Handles a request in place of the proxy; false lets it pass. */
  intercept?: (incoming: IncomingMessage, response: ServerResponse) => boolean;
};

export type HttpsProxy = {
  /** The target's address with the proxy's port. */
  url: string;
  port: number;
  server: Server;
  /** A request to the service with the method, path and headers of `incoming`, and no body yet. */
  send(incoming: Pick<IncomingMessage, "method" | "url" | "headers">): ClientRequest;
  /** Stops listening and closes all connections. */
  stop(): Promise<void>;
  close(): Promise<void>;
};

export async function startProxy({ target, certificate, name, ...options }: ProxyOptions): Promise<HttpsProxy> {
  const { onResponse = () => {}, intercept = () => false } = options;
  const { cert, key } = certificate;
  const { hostname, port: targetPort, pathname } = new URL(target);
  const agent = new Agent({ keepAlive: true, ca: cert });
  const send: HttpsProxy["send"] = ({ method, url, headers }) =>
    request({ agent, hostname, port: targetPort, method, path: url, headers: endToEndHeaders(headers) });

  const listener = guarded((incoming, response) => {
    if (intercept(incoming, response)) return;
    const outgoing = send(incoming);
    outgoing.on("response", (received) => onResponse(incoming, received));
    exchange(incoming, response, outgoing);
  });
  const server = createServer({ cert, key }, listener);
  const { port, close: stop } = await listen(server, name, options.port);
  return {
    url: `https://${LOOPBACK}:${port}${pathname.replace(/\/$/, "")}`,
    port,
    server,
    send,
    stop,
    async close() {
      await stop();
      agent.destroy();
    },
  };
}
