// A child process that sends the same HTTP request again and again. It uses plain sockets: an HTTP client would take as
// much of the machine as what is measured, and autocannon sends a given rate in bursts and cuts off its last requests.
import { randomFillSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { type Child, serveParent, startChild } from "./child.ts";
import { generateLoad, type LoadOptions, type LoadResult } from "./load.ts";

export type HttpLoadRequest = LoadOptions & {
  readonly clients: number;
  /** Spread evenly over the clients. */
  readonly urls: readonly string[];
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | { readonly file: string };
  /** Position in the body of 8 bytes that differ in each request, so that no upload equals another. */
  readonly differsAt?: number;
};

/** Only for a server that hangs: fifty large uploads at once may wait for minutes on a slow machine. */
const TIMEOUT_MS = 300_000;

/** https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
function isComplete(response: string): boolean {
  const headersEnd = response.indexOf("\r\n\r\n");
  if (headersEnd < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(response.slice(0, headersEnd))?.[1];
  return length === undefined ? response.endsWith("0\r\n\r\n") : response.length >= headersEnd + 4 + Number(length);
}

async function readBody(body: HttpLoadRequest["body"]): Promise<Buffer> {
  return typeof body === "object" ? readFile(body.file) : Buffer.from(body ?? "");
}

type Requester = { send(): Promise<void>; close(): void };

/** Sends one request at a time over a connection of its own. `send` rejects unless the status is 2xx. */
function createRequester(
  address: string,
  { method, headers, body, differsAt }: Omit<HttpLoadRequest, "body"> & { body: Buffer },
): Requester {
  const { host, hostname, pathname, port, search } = new URL(address);
  const fields = Object.entries({ host, ...headers, ...(body.length > 0 && { "content-length": body.length }) });
  const head = `${method} ${pathname}${search} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const request = Buffer.concat([Buffer.from(head), body]);
  let socket: Socket | undefined;
  let response = "";
  let pending = Promise.withResolvers<void>();

  function open(): Socket {
    const opened = connect(Number(port), hostname).setNoDelay().setTimeout(TIMEOUT_MS);
    opened.on("data", (chunk) => {
      response += chunk.toString("latin1");
      if (!isComplete(response)) return;
      if (response.startsWith("HTTP/1.1 2")) pending.resolve();
      else pending.reject(new Error(`${address} responded ${response.slice(0, 200)}`));
    });
    opened.on("timeout", () => opened.destroy(new Error(`${address} did not respond within ${TIMEOUT_MS} ms`)));
    opened.on("error", (error) => pending.reject(error));
    opened.on("close", () => {
      socket = undefined;
      pending.reject(new Error(`${address} closed the connection`));
    });
    return opened;
  }

  return {
    send() {
      response = "";
      pending = Promise.withResolvers();
      socket ??= open();
      if (differsAt !== undefined) randomFillSync(request, head.length + differsAt, 8);
      socket.write(request);
      return pending.promise;
    },
    close: () => socket?.destroy(),
  };
}

/** The client, in the process of the bench. */
export const startHttpLoad = (): Child<HttpLoadRequest, LoadResult> => startChild(new URL(import.meta.url));

if (process.argv[1] === import.meta.filename)
  serveParent<HttpLoadRequest, LoadResult>(async (request) => {
    const body = await readBody(request.body);
    const requesters = Array.from({ length: request.clients }, (_, client) =>
      createRequester(request.urls[client % request.urls.length] ?? "", { ...request, body }),
    );
    const result = await generateLoad(
      requesters.map(({ send }) => send),
      request,
    );
    for (const { close } of requesters) close();
    return result;
  });
