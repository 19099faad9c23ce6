// What Node.js's own HTTP server received, by invocation: nobody can replace that, unlike what the library hands on.
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

export type Received = {
  /** Bytes of the body as Content-Length has it; 0 without that header. */
  readonly contentLength: number;
};

/** Undefined when no such request is under way. */
export type FindReceived = (invocationId: string) => Received | undefined;

/**
 * The host passes each request on to a server in this process, with the invocation's id as a header. The id is random
 * and the host's; hosts before 4.1041 kept one that the caller sent, but then no invocation had it.
 * Source: azure-functions-host, DefaultHttpProxyService.StartForwarding.
 * https://nodejs.org/docs/latest-v24.x/api/diagnostics_channel.html#http
 */
export function watchReceived(): FindReceived {
  const underWay = new Map<string, Received>();
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const id = request.headers["x-ms-invocation-id"];
    if (typeof id !== "string") return;
    const received = { contentLength: Number(request.headers["content-length"] ?? 0) };
    underWay.set(id, received);
    response.once("close", () => {
      if (underWay.get(id) === received) underWay.delete(id);
    });
  });
  return (invocationId) => underWay.get(invocationId);
}
