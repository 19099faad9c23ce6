// Requests to a host with rate limits, and how many of them got each status.
import { type IncomingMessage, request } from "node:http";
import type { Host } from "../local/host/host.ts";

export type Options = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
  /** Local address that the host sees. @default any */
  readonly from?: string;
};

/** For a body with GET, which fetch does not send. */
export function send(host: Host, options: Options): Promise<IncomingMessage> {
  const { method = "GET", path, headers = {}, body = "", from } = options;
  return new Promise((resolve, reject) => {
    const length = body === "" ? {} : { "content-length": Buffer.byteLength(body) };
    const address = from === undefined ? {} : { localAddress: from };
    request(`${host.url}/api${path}`, { method, headers: { ...headers, ...length }, ...address }, resolve)
      .on("error", reject)
      .end(body);
  });
}

/** The number of responses with each status. */
export async function tally(
  host: Host,
  times: number,
  make: (index: number) => Options,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < times; index++) {
    const response = await send(host, make(index));
    response.resume();
    counts[response.statusCode ?? 0] = (counts[response.statusCode ?? 0] ?? 0) + 1;
  }
  return counts;
}
