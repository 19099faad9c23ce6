// One GET request over https, to a public host only: every address of the host is checked before it is used, and the
// address of the socket before anything is sent.
import type { IncomingMessage } from "node:http";
import https, { Agent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.ts";
import { createResolver, type ResolveHost } from "./resolve-host.ts";
import { NOT_PUBLIC, rejectUrl, type Target } from "./target.ts";

/** The network. Tests replace it; what is checked stays the same. */
export type Network = { readonly resolve: ResolveHost; readonly request: typeof https.request };
export const internet: Network = { resolve: createResolver(), request: https.request };

/** Addresses that are tried, of all that are checked; the time limit bounds them together. */
const MAX_TRIED = 8;
const CONNECT_MS = 1_000;

/** A host with one address that is not public is no public host, whatever its other addresses are. */
async function publicAddressesOf(host: string, resolve: ResolveHost, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  // An error here would show which names exist in the app's own network.
  const addresses = await resolve(host, signal).catch((cause: unknown) => rejectUrl(NOT_PUBLIC, cause));
  return addresses.length > 0 && addresses.every(isPublicAddress) ? addresses : rejectUrl(NOT_PUBLIC);
}

/** Connects to these addresses only: a second query of the name could have another answer (DNS rebinding). */
function lookupOf(addresses: readonly string[]): LookupFunction {
  const pinned = addresses.slice(0, MAX_TRIED).map((address) => ({ address, family: isIP(address) }));
  return (_host, { all }, callback) => {
    const [first] = pinned;
    if (all || !first) callback(null, pinned);
    else callback(null, first.address, first.family);
  };
}

/**
 * Sends the request without cookies and credentials, and follows no redirect.
 * @returns the response, unread
 * @throws {AppError} VALIDATION_FAILED when the host is not public; else what Node.js throws
 */
export async function get({ url, host }: Target, network: Network, signal: AbortSignal): Promise<IncomingMessage> {
  const addresses = await publicAddressesOf(host, network.resolve, signal);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = network.request({
    host,
    port: 443,
    path: `${url.pathname}${url.search}`,
    // No connection and no TLS session of an earlier request, which went through other checks.
    agent: new Agent({ keepAlive: false, maxCachedSessions: 0, autoSelectFamilyAttemptTimeout: CONNECT_MS }),
    lookup: lookupOf(addresses),
    // RFC 6066 section 3: an address is no server name.
    servername: isIP(host) ? "" : host,
    // Explicit, since NODE_TLS_REJECT_UNAUTHORIZED would change the default.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    signal,
    headers: {
      Host: url.host.replace(/\.$/, ""),
      Accept: "image/*",
      "Accept-Encoding": "identity",
      "User-Agent": "Vitae",
    },
  });
  outgoing.once("socket", (socket) => {
    // Before TLS begins. The request is sent only by `end`, so it never leaves when this check does not run.
    socket.prependOnceListener("connect", () => {
      if (isPublicAddress(socket.remoteAddress)) outgoing.end();
      else outgoing.destroy(new Error("The socket is connected to an address that is not public"));
    });
  });
  outgoing.once("response", resolve);
  outgoing.on("error", reject);
  outgoing.once("close", () => reject(new Error("The connection was closed without a response")));
  return promise;
}
