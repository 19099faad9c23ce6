// HTTP over a plain socket, without a client library that would repair, escape or reject a request.
import { connect } from "node:net";

export type RawResponse = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
};

/** Removes the chunk lengths. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
function joinChunks(body: string): string {
  const end = body.indexOf("\r\n");
  const size = Number.parseInt(body.slice(0, end), 16);
  if (!size) return "";
  const from = end + 2;
  return body.slice(from, from + size) + joinChunks(body.slice(from + size + 2));
}

function parseResponse(bytes: Buffer): RawResponse {
  // One character per byte, so that lengths are those of bytes.
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const rest = text.slice(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? joinChunks(rest) : rest;
  return { status: Number(first.split(" ")[1]), headers, body: Buffer.from(body, "latin1").toString() };
}

/** The bytes of a request. Each character of the head is one byte, so it can contain invalid UTF-8. */
export function bytesOf(line: string, headers: readonly string[], body: string | Uint8Array = ""): Buffer {
  const head = Buffer.from(`${[line, ...headers].join("\r\n")}\r\n\r\n`, "latin1");
  return Buffer.concat([head, Buffer.from(body as string)]);
}

/**
 * Sends bytes and reads until the server ends the connection, as it does after `Connection: close`.
 * @param hangUp ends our side of the connection after sending, like a client that disconnects
 */
export function sendRaw(url: string, bytes: Uint8Array, { hangUp = false } = {}): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true }, () => {
      socket.write(bytes);
      if (hangUp) socket.end();
    });
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A server that rejects a request may reset the connection after its response.
    socket.on("error", (error) => chunks.length > 0 || reject(error));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      if (chunks.length > 0) resolve(parseResponse(Buffer.concat(chunks)));
      else reject(new Error("The connection was closed without a response."));
    });
  });
}
