// Reads what a function left of a request's body, so that the next request on the connection is read.
import type { IncomingMessage, ServerResponse } from "node:http";

const MAX_MS = 10_000;

/**
 * After the response Node.js discards a body that was not read at all, but not the rest of one that was read in part: the
 * connection stays open and its next request is never parsed. So this reads the rest, and closes the connection when
 * that exceeds `maxBytes` or takes ten seconds. The host reads the response only after it has sent the whole body, so all
 * that the host accepts is read.
 * Source: node lib/_http_server.js, resOnFinish.
 */
export function drainAfterResponse(request: IncomingMessage, response: ServerResponse, maxBytes: number): void {
  response.once("finish", () => {
    if (request.readableEnded || request.destroyed) return;
    let left = maxBytes;
    const timeout = setTimeout(() => request.socket.destroy(), MAX_MS).unref();
    request.once("close", () => clearTimeout(timeout));
    // Not resume(): the library's iterator listens for "readable", which keeps the stream from flowing.
    const discard = () => {
      for (let chunk = request.read(); chunk !== null; chunk = request.read()) left -= chunk.length;
      if (left < 0) request.socket.destroy();
    };
    request.on("readable", discard);
    discard();
  });
}
