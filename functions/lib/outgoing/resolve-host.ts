// Resolves a host name by DNS alone, with c-ares: getaddrinfo would take threads that decodes and hashes need, and read
// the machine's own list of hosts.
import { Resolver } from "node:dns/promises";

/** @throws when the name does not exist, or one of both queries has no response */
export type ResolveHost = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

const QUERY_MS = 3_000;
const TRIES = 2;

/** A name with addresses of one family only. */
const withoutData = (error: { readonly code?: unknown }): string[] => {
  if (error.code === "ENODATA") return [];
  throw error;
};

/** @param servers addresses with ports. @default those of the machine */
export const createResolver =
  (servers?: readonly string[]): ResolveHost =>
  async (host, signal) => {
    signal.throwIfAborted();
    // One for each call, since `cancel` ends all queries of a resolver.
    const resolver = new Resolver({ timeout: QUERY_MS, tries: TRIES });
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const families = [resolver.resolve4(host), resolver.resolve6(host)];
      return (await Promise.all(families.map((addresses) => addresses.catch(withoutData)))).flat();
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
