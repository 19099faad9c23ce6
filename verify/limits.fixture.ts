// Requests to a host with rate limits, how many of them got each status, and what clients add to evade a limit.
import { type IncomingMessage, request } from "node:http";
import type { Host } from "../local/host/host.ts";

export type Options = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
};

/** A host and the address from which it is called. */
export type Client = Pick<Host, "url"> & {
  /** A local address. @default any */
  readonly from?: string;
};

/** For a body with GET, which fetch does not send. */
export function send({ url, from }: Client, options: Options): Promise<IncomingMessage> {
  const { method = "GET", path, headers = {}, body = "" } = options;
  return new Promise((resolve, reject) => {
    const length = body === "" ? {} : { "content-length": Buffer.byteLength(body) };
    const address = from === undefined ? {} : { localAddress: from, family: 4 };
    request(`${url}/api${path}`, { method, headers: { ...headers, ...length }, ...address }, resolve)
      .on("error", reject)
      .end(body);
  });
}

/** The number of responses with each status. */
export async function tally(
  client: Client,
  times: number,
  make: (index: number) => Options,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let index = 0; index < times; index++) {
    const response = await send(client, make(index));
    response.resume();
    counts[response.statusCode ?? 0] = (counts[response.statusCode ?? 0] ?? 0) + 1;
  }
  return counts;
}

const to = (index: number) => `203.0.113.${index}`;

/** What a client may add to each request in order to look like another one. */
export const evasions: readonly (readonly [title: string, make: (index: number) => Partial<Options>])[] = [
  ["a forged X-Forwarded-For", (index) => ({ headers: { "x-forwarded-for": to(index) } })],
  [
    "an X-Forwarded-For with many elements",
    (index) => ({ headers: { "x-forwarded-for": `${to(index)}, ${to(index)}:80, [2001:db8::${index}]:1` } }),
  ],
  ["several X-Forwarded-For headers", (index) => ({ headers: { "x-forwarded-for": [to(index), to(index + 1)] } })],
  ["a malformed X-Forwarded-For", (index) => ({ headers: { "x-forwarded-for": `"${to(index)}, ` } })],
  [
    "other headers that name an address or a trusted sender",
    (index) => ({
      headers: {
        forwarded: `for=${to(index)}`,
        "client-ip": to(index),
        "x-client-ip": to(index),
        "x-real-ip": to(index),
        "x-azure-clientip": to(index),
        "x-azure-socketip": to(index),
        "x-arr-log-id": `${index}`,
        "x-ms-client-principal": "eyJ9",
        "x-functions-key": `${index}`,
        "x-trace-id": `${index}`.padStart(32, "a"),
      },
    }),
  ],
  ["an invocation id from the client", (index) => ({ headers: { "x-ms-invocation-id": `${index}` } })],
  ["a token on a public route", (index) => ({ headers: { authorization: `Bearer ${index}` } })],
];
