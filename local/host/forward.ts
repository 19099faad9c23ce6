// Passes one HTTP request on to the app and its answer back, byte for byte, in both directions at once.
import { type Agent, type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { HeaderPair } from "./cors.ts";
import { closeGently } from "./linger.ts";

export type ForwardOptions = {
  readonly agent: Agent;
  readonly port: number;
  readonly target: string;
  readonly invocationId: string;
} & ExchangeOptions;

export type ExchangeOptions = {
  /** Headers that the answer carries besides its own, in their place. */
  readonly extra: readonly HeaderPair[];
  /** The caller went away before it had the whole answer. */
  readonly onGone: () => void;
  /** The request's body, if it has been read already. */
  readonly body?: Buffer | undefined;
};

// Of one connection only: node:http writes its own. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
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
export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name.toLowerCase());

function answerHeaders(rawHeaders: readonly string[], extra: readonly HeaderPair[]): string[] {
  const own = new Set(extra.map(([name]) => name.toLowerCase()).filter((name) => name !== "vary"));
  const headers: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = [rawHeaders[index], rawHeaders[index + 1]];
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key) && !own.has(key)) headers.push(name, value);
  }
  for (const [name, value] of extra) headers.push(name, value);
  return headers;
}

/** Answers with nothing but a status, as the real host does; if an answer is under way already, cuts it off. */
export function answerEmpty(response: ServerResponse, status: number, extra: readonly HeaderPair[] = []): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, [...extra.flat(), "Content-Length", "0"]).end();
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

/** Sends a request's body along with `outgoing`, and its answer back. */
export function exchange(
  incoming: IncomingMessage,
  response: ServerResponse,
  outgoing: ClientRequest,
  { extra, onGone, body }: ExchangeOptions,
): void {
  let isAnswered = false;

  outgoing.on("response", (answer) => {
    const headers = answerHeaders(answer.rawHeaders, extra);
    if (!incoming.complete) {
      // Perhaps the body is still wanted, perhaps not; on this connection nothing can follow it in either case.
      headers.push("Connection", "close");
      closeGently(incoming);
    }
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
    answer.pipe(response);
    answer.on("error", () => response.destroy());
    answer.on("end", () => {
      isAnswered = true;
      // Whoever has answered reads no more.
      incoming.unpipe(outgoing);
    });
  });
  outgoing.on("error", () => {
    if (!isAnswered && !response.writableEnded) answerEmpty(response, 502, extra);
  });
  response.on("close", () => {
    // Kept for the next request only if both directions are through.
    if (!isAnswered || !outgoing.writableFinished) outgoing.destroy();
    if (!response.writableFinished) onGone();
  });
  if (body) outgoing.end(body);
  else if (hasBody(incoming)) incoming.pipe(outgoing);
  else outgoing.end();
}

export function forward(incoming: IncomingMessage, response: ServerResponse, options: ForwardOptions): void {
  const { agent, port, target, invocationId, ...rest } = options;
  const { "content-length": length, "transfer-encoding": encoding, host } = incoming.headers;
  // The library takes all other headers from the trigger metadata (its HttpRequest.ts, createStreamRequest).
  const headers: Record<string, string> = {
    "x-forwarded-host": host ?? "",
    "x-forwarded-proto": "http",
    "x-ms-invocation-id": invocationId,
    ...(encoding !== undefined
      ? { "transfer-encoding": "chunked" }
      : length !== undefined && { "content-length": length }),
  };
  const outgoing = request({ agent, host: "127.0.0.1", port, method: incoming.method, path: target, headers });
  exchange(incoming, response, outgoing, rest);
}
