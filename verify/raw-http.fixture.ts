// HTTP by hand, over a plain socket: no client library that mends, escapes or refuses what is sent.
import { connect } from "node:net";

export type RawResponse = {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Headers;
  readonly body: string;
};

/** Takes the lengths out from between the chunks. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
function joinChunks(body: string): string {
  const end = body.indexOf("\r\n");
  const size = Number.parseInt(body.slice(0, end), 16);
  if (!size) return "";
  const from = end + 2;
  return body.slice(from, from + size) + joinChunks(body.slice(from + size + 2));
}

function parseAnswer(bytes: Buffer): RawResponse {
  // One character a byte, so that lengths are those of bytes.
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

/** A request, character by character: a string has one byte for each, so that it can hold what is no UTF-8. */
export function bytesOf(line: string, headers: readonly string[], body: string | Uint8Array = ""): Buffer {
  const head = Buffer.from(`${[line, ...headers].join("\r\n")}\r\n\r\n`, "latin1");
  return Buffer.concat([head, Buffer.from(body as string)]);
}

/**
 * Sends bytes and reads until the other side ends, which it does when asked for `Connection: close`.
 * @param hangUp ends our side once all is sent, as a client that goes away
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
    // A server that refuses may reset what it does not read, after its answer.
    socket.on("error", (error) => chunks.length > 0 || reject(error));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      if (chunks.length > 0) resolve(parseAnswer(Buffer.concat(chunks)));
      else reject(new Error("The connection was closed without an answer."));
    });
  });
}
