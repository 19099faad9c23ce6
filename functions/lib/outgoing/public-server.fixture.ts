// A server on loopback that looks public: its names resolve to a public address, and its sockets claim to have one.
import { once } from "node:events";
import type { RequestListener } from "node:http";
import https, { type RequestOptions } from "node:https";
import type { AddressInfo, LookupFunction } from "node:net";
import type { TLSSocket } from "node:tls";
import { generate } from "selfsigned";
import type { Network } from "./get.ts";
import type { ResolveHost } from "./resolve-host.ts";

export const PUBLIC_ADDRESS = "93.184.216.34";

/** Changed by tests, so that the socket leads elsewhere. */
export type TestNetwork = {
  resolve: ResolveHost;
  readonly request: Network["request"];
  /** What the sockets claim; undefined leaves them as they are. */
  remoteAddress: string | undefined;
  port: number;
  ca: string;
};

type Certificate = { readonly cert: string; readonly key: string };

export async function newCertificate(...names: string[]): Promise<Certificate> {
  const altNames = names.map((value) => ({ type: 2 as const, value }));
  const { cert, private: key } = await generate([{ name: "commonName", value: "test" }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames }],
  });
  return { cert, key };
}

export async function startPublicServer(certificate: Certificate) {
  let listener: RequestListener = (_, response) => void response.end();
  const serverNames: unknown[] = [];
  let connections = 0;
  const received: string[] = [];
  const server = https.createServer(certificate, (request, response) => {
    received.push(`${request.headers.host}${request.url}`);
    listener(request, response);
  });
  server.on("connection", () => void connections++);
  server.on("secureConnection", (socket: TLSSocket) => void serverNames.push(socket.servername));
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  /** Addresses that the request was pinned to. */
  const pinned: unknown[] = [];
  /** By name; every other name has the public address. */
  const addresses: Record<string, readonly string[]> = {};
  const network: TestNetwork = {
    resolve: async (host) => addresses[host] ?? [PUBLIC_ADDRESS],
    remoteAddress: PUBLIC_ADDRESS as string | undefined,
    port,
    ca: certificate.cert,
    request: ((options: RequestOptions) => {
      const lookup: LookupFunction = (host, given, callback) => {
        options.lookup?.(host, { ...given, all: true }, (_, list) => pinned.push(list));
        options.lookup?.(host, { ...given, all: false }, (_, address, family) => pinned.push({ address, family }));
        callback(null, given.all ? [{ address: "127.0.0.1", family: 4 }] : "127.0.0.1", 4);
      };
      const outgoing = https.request({ ...options, lookup, port: network.port, ca: network.ca });
      outgoing.once("socket", (socket) => {
        const value = network.remoteAddress;
        if (value !== undefined) Object.defineProperty(socket, "remoteAddress", { value });
      });
      return outgoing;
    }) as Network["request"],
  };
  return {
    addresses,
    pinned,
    received,
    serverNames,
    network,
    connections: () => connections,
    respond: (next: RequestListener) => {
      listener = next;
    },
    dropConnections: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
