// Passes one HTTP request to another server and its response back, streaming in both directions at once.
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from "node:http";

export type HeaderPair = readonly [name: string, value: string];

export type ExchangeOptions = {
  /** Headers added to the response; each replaces the response's own, except Vary. */
  readonly extraHeaders?: readonly HeaderPair[];
};

// These belong to one connection, and node:http writes its own. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
]);

/** The headers that a proxy passes on. */
export function endToEndHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

/** The headers of a response that a proxy passes on. */
export function responseHeaders(rawHeaders: readonly string[], extra: readonly HeaderPair[]): string[] {
  const replaced = new Set(extra.map(([name]) => name.toLowerCase()).filter((name) => name !== "vary"));
  const headers: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = [rawHeaders[index], rawHeaders[index + 1]];
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key) && !replaced.has(key)) headers.push(name, value);
  }
  return [...headers, ...extra.flat()];
}

/** Sends a status without a body, as the real host does. Destroys a response whose headers are sent already. */
export function sendEmpty(response: ServerResponse, status: number, extra: readonly HeaderPair[] = []): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, [...extra.flat(), "Content-Length", "0"]).end();
}

/** Sends a status while the client is still sending its body, and closes the connection. */
export function rejectBody(
  incoming: IncomingMessage,
  response: ServerResponse,
  status: number,
  extra: readonly HeaderPair[] = [],
): void {
  if (!incoming.complete) closeGently(incoming);
  sendEmpty(response, status, [...extra, ["Connection", "close"]]);
}

type Handler = (incoming: IncomingMessage, response: ServerResponse) => unknown;

/** A listener for which no input ends the process: whatever the handler throws or rejects with is an empty 500. */
export function guarded(handler: Handler): RequestListener {
  return async (incoming, response) => {
    try {
      await handler(incoming, response);
    } catch {
      sendEmpty(response, 500);
    }
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

/** Streams the body of `incoming` to `outgoing`, and the response of `outgoing` to `response`. */
export function exchange(
  incoming: IncomingMessage,
  response: ServerResponse,
  outgoing: ClientRequest,
  { extraHeaders = [] }: ExchangeOptions = {},
): void {
  let isComplete = false;

  outgoing.on("response", (received) => {
    const headers = responseHeaders(received.rawHeaders, extraHeaders);
    if (!incoming.complete) {
      // The rest of the body may never be read, so no second request can follow on this connection.
      headers.push("Connection", "close");
      closeGently(incoming);
    }
    response.writeHead(received.statusCode ?? 502, received.statusMessage, headers);
    received.pipe(response);
    received.on("error", () => response.destroy());
    received.on("end", () => {
      isComplete = true;
      incoming.unpipe(outgoing);
    });
  });
  outgoing.on("error", () => {
    if (!isComplete && !response.writableEnded) sendEmpty(response, 502, extraHeaders);
  });
  response.on("close", () => {
    // The connection is reused only after both the request and the response are complete.
    if (!isComplete || !outgoing.writableFinished) outgoing.destroy();
  });
  if (hasBody(incoming)) incoming.pipe(outgoing);
  else outgoing.end();
}

/** Bytes of an unwanted body that are read and discarded, so that a client about to finish can read its response. */
const LINGER_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 2000;

/**
 * Closes a connection whose client is still sending. node:http closes the socket after a response with
 * `Connection: close`; with unread bytes that is a reset, which can overtake the response. So this sends the end of
 * the stream first (a half-close), discards a few more bytes, and closes when the client ends or the time is over.
 * https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
function closeGently(incoming: IncomingMessage): void {
  const { socket } = incoming;
  const closeNow = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (incoming.complete) return closeNow();
    socket.end();
    let left = LINGER_BYTES;
    incoming.on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) incoming.pause();
    });
    incoming.resume();
    incoming.once("end", closeNow);
    const timeout = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(timeout));
  };
}
