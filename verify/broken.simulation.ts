// A deployment that is wrong in one thing: stands before a host as a front end does, and may change what it answers.
import { createServer, type IncomingMessage, request as send } from "node:http";
import { buffer } from "node:stream/consumers";
import { listen } from "../local/listen.ts";

export type Seen = { status: number; headers: Record<string, string>; body: string | Buffer };
export type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** As the host gave it. */
  readonly answer: Seen;
  /** Sends the request to the host once more. */
  again(): Promise<Seen>;
};
/** What is answered instead; undefined where it is not broken. */
export type Breakage = (exchange: Exchange) => Partial<Seen> | undefined | Promise<Partial<Seen> | undefined>;

const HOP = ["connection", "content-length", "expect", "host", "keep-alive", "transfer-encoding"];
const passed = (headers: IncomingMessage["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (HOP.includes(name) ? [] : [[name, `${value}`]])),
  );

type FrontOptions = {
  readonly target: string;
  readonly breakage?: Breakage | undefined;
  /** The address of this machine that the host sees. */
  readonly from?: string | undefined;
};

/** Only the API is passed on, as in Azure, where nothing else is there. */
export async function startBroken({ target, breakage, from }: FrontOptions) {
  const server = createServer(async (request, response) => {
    const { method = "GET", url: path = "/" } = request;
    const body = await buffer(request);
    async function again(): Promise<Seen> {
      if (!path.startsWith("/api/")) return { status: 404, headers: {}, body: "" };
      const length = body.byteLength > 0 ? { "content-length": body.byteLength } : {};
      const headers = { ...passed(request.headers), ...length };
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = { method, headers, ...(from !== undefined && { localAddress: from }) };
        send(`${target}${path}`, options, resolve).on("error", reject).end(body);
      });
      return { status: answer.statusCode ?? 0, headers: passed(answer.headers), body: await buffer(answer) };
    }
    const answer = await again();
    const changed = { ...answer, ...(await breakage?.({ method, path, headers: request.headers, answer, again })) };
    response.writeHead(changed.status, changed.headers).end(changed.body);
  });
  const { port, close } = await listen(server, "The broken deployment");
  return { url: `http://127.0.0.1:${port}`, close };
}
