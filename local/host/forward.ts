// Forwards a request to the library's server in the app's process, as the real host does: YARP on SocketsHttpHandler.
// azure-functions-host, DefaultHttpProxyService.cs and RetryProxyHandler.cs
import { type Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type HeaderPair, responseHeaders } from "../exchange.ts";

export type ForwardOptions = {
  readonly agent: Agent;
  readonly port: number;
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly string[];
  /** A body that has been read already. Any other streams from the client. */
  readonly body: Buffer | undefined;
  /** Added to the response. */
  readonly extraHeaders: readonly HeaderPair[];
  /** Bytes of a streamed body. */
  readonly maxBodyBytes: number;
  /** Milliseconds without progress. */
  readonly activityTimeout: number;
};

const MAX_ATTEMPTS = 10;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 250;

/** SocketsHttpHandler throws for such a header: HttpConnection.cs, WriteString. */
const NOT_ASCII = /[^\0-\u007f]/;

class ForwardError extends Error {
  override name = "ForwardError";
}

/**
 * @returns true if the whole response was passed on, or the client has disconnected. After false the response has either
 * not begun or was cut off.
 */
export async function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions,
): Promise<boolean> {
  const isStreamed = options.body === undefined && incoming.headers["transfer-encoding"] !== undefined;
  for (let attempt = 1, wait = FIRST_PAUSE_MS; ; attempt += 1, wait = Math.min(wait * 2, MAX_PAUSE_MS)) {
    if (response.closed) return true;
    try {
      // A body can be sent only once: StreamCopyHttpContent.cs
      if (attempt > 1 && (isStreamed || options.body)) return false;
      await send(incoming, response, { ...options, isStreamed });
      return true;
    } catch (error) {
      if (response.closed) return true;
      if (response.headersSent) response.destroy();
      if (response.headersSent || error instanceof ForwardError || attempt === MAX_ATTEMPTS) return false;
    }
    await pause(wait);
  }
}

/** @throws {ForwardError} for a failure that is final; any other error of the connection can be retried */
function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ForwardOptions & { isStreamed: boolean },
): Promise<void> {
  const { agent, port, target, headers, body, isStreamed, activityTimeout } = options;
  return new Promise((resolve, reject) => {
    if (headers.some((text) => NOT_ASCII.test(text))) return reject(new Error("A header is not ASCII."));
    const address = { agent, host: "127.0.0.1", port, path: target, method: incoming.method };
    const outgoing = request({ ...address, headers: ["Host", `localhost:${port}`, ...headers] });
    const sent = new Promise<void>((done) => outgoing.once("finish", done));
    const timer = setTimeout(() => fail(new ForwardError("timeout")), activityTimeout);

    function fail(error: Error): void {
      reset(outgoing);
      reject(error);
    }
    function end(): void {
      clearTimeout(timer);
      response.off("close", disconnect);
      // Lets the rest of the body be discarded.
      incoming.resume();
    }
    function disconnect(): void {
      if (!response.writableFinished) fail(new ForwardError("The client disconnected."));
    }
    response.on("close", disconnect);
    outgoing.on("error", (error) => {
      end();
      reject(error);
    });
    outgoing.on("close", () => {
      end();
      reject(new ForwardError("The connection was closed."));
    });
    outgoing.on("response", async (received) => {
      // SocketsHttpHandler sends the whole body before it reads a response. The connection is then reused, whether the
      // app has read the body or not. HttpConnection.cs, SendAsync
      await sent;
      timer.refresh();
      received.on("data", () => timer.refresh());
      received.on("error", (error) => fail(error));
      received.on("end", resolve);
      response.writeHead(
        received.statusCode ?? 502,
        received.statusMessage,
        responseHeaders(received.rawHeaders, options.extraHeaders),
      );
      received.pipe(response);
    });

    if (!isStreamed) return void outgoing.end(body);
    let bytes = 0;
    // Not pipe(): after the response has begun, Node.js emits no more "drain" on the request.
    function stream(socket: Socket): void {
      incoming.on("data", (chunk: Buffer) => {
        if (outgoing.destroyed) return;
        timer.refresh();
        bytes += chunk.length;
        if (bytes > options.maxBodyBytes)
          return void outgoing.destroy(new ForwardError("The request body is too large."));
        if (outgoing.write(chunk) || !socket.writableNeedDrain) return;
        incoming.pause();
        socket.once("drain", () => incoming.resume());
      });
      incoming.on("end", () => outgoing.end());
    }
    // The app has the headers before the body: StreamCopyHttpContent.cs
    outgoing.flushHeaders();
    outgoing.once("socket", (socket) =>
      socket.connecting ? socket.once("connect", () => stream(socket)) : stream(socket),
    );
  });
}

/** The app's server learns of it with its next write. After an ordinary end it would keep a connection that it does not read. */
function reset(outgoing: ClientRequest): void {
  outgoing.socket?.resetAndDestroy();
  outgoing.destroy();
}

type ForwardedHeaders = {
  /** Decoded. */
  readonly rawHeaders: readonly string[];
  readonly invocationId: string;
  /** Bytes of a body that has been read; undefined if it streams. */
  readonly length: number | undefined;
};

// Node.js writes these; the last are those that YARP sets itself.
const REPLACED =
  /^(?:connection|keep-alive|transfer-encoding|upgrade|te|content-length|proxy-.*|host|x-forwarded-(?:for|host|proto|prefix)|x-ms-invocation-id)$/i;

/** YARP copies the client's headers and sets X-Forwarded-For to its own peer. HttpTransformer.cs, Default */
export function forwardedHeaders(
  { headers, socket }: Pick<IncomingMessage, "headers" | "socket">,
  { rawHeaders, invocationId, length }: ForwardedHeaders,
): readonly string[] {
  const kept = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && !REPLACED.test(name) ? [name, rawHeaders[index + 1] ?? ""] : [],
  );
  return [
    ...kept,
    ...["X-Forwarded-For", socket.remoteAddress ?? "127.0.0.1"],
    ...["X-Forwarded-Host", headers.host ?? ""],
    ...["X-Forwarded-Proto", "http"],
    ...["x-ms-invocation-id", invocationId],
    ...(length === undefined ? ["Transfer-Encoding", "chunked"] : length > 0 ? ["Content-Length", String(length)] : []),
  ];
}
