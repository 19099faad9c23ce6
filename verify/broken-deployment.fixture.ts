// A front end before a host that changes one thing in its responses.
import { createServer, type IncomingMessage, request as send } from "node:http";
import { buffer } from "node:stream/consumers";
import { listen } from "../local/listen.ts";

export type HttpResponse = { status: number; headers: Record<string, string>; body: string | Buffer };
export type Exchange = {
  readonly method: string;
  readonly path: string;
  /** Headers of the request. */
  readonly headers: IncomingMessage["headers"];
  /** Body of the request. */
  readonly sent: string;
  /** The host's response. */
  readonly response: HttpResponse;
  /** 1 for the first request with this method and path, 2 for the second. */
  readonly ordinal: number;
  /** Sends the request to the host once more. */
  repeat(): Promise<HttpResponse>;
};
/** Returns what to change in the response, or undefined. */
export type Breakage = (
  exchange: Exchange,
) => Partial<HttpResponse> | undefined | Promise<Partial<HttpResponse> | undefined>;

const HOP_BY_HOP = ["connection", "content-length", "expect", "host", "keep-alive", "transfer-encoding"];
const endToEnd = (headers: IncomingMessage["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (HOP_BY_HOP.includes(name) ? [] : [[name, `${value}`]])),
  );

type FrontOptions = {
  readonly target: string;
  readonly breakage?: Breakage | undefined;
  /** Local address that the host sees. @default any */
  readonly from?: string | undefined;
};

/** Forwards the API only, as Azure does. */
export async function startBroken({ target, breakage, from }: FrontOptions) {
  const counts = new Map<string, number>();
  const server = createServer(async (request, outgoing) => {
    const { method = "GET", url: path = "/" } = request;
    const ordinal = (counts.get(`${method} ${path}`) ?? 0) + 1;
    counts.set(`${method} ${path}`, ordinal);
    const body = await buffer(request);
    async function repeat(): Promise<HttpResponse> {
      if (!path.startsWith("/api/")) return { status: 404, headers: {}, body: "" };
      const length = body.byteLength > 0 ? { "content-length": body.byteLength } : {};
      const headers = { ...endToEnd(request.headers), ...length };
      const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { method, headers, ...(from !== undefined && { localAddress: from }) };
        send(`${target}${path}`, options, resolve).on("error", reject).end(body);
      });
      return {
        status: incoming.statusCode ?? 0,
        headers: endToEnd(incoming.headers),
        body: await buffer(incoming),
      };
    }
    const response = await repeat();
    const change = await breakage?.({
      method,
      path,
      headers: request.headers,
      sent: body.toString(),
      response,
      ordinal,
      repeat,
    });
    const { status, headers, body: content } = { ...response, ...change };
    outgoing.writeHead(status, headers).end(content);
  });
  // As of Azure's front end: a shorter time would close a connection while the next request is sent.
  server.keepAliveTimeout = 240_000;
  const { port, close } = await listen(server, "The broken deployment");
  return { url: `http://127.0.0.1:${port}`, close };
}
