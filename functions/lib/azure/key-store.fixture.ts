// Issues user-delegation keys for any time, for simulated clocks. A real store does so only for the next seven days.
import { randomBytes } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type KeyStore = {
  readonly uri: string;
  /** Validity of the issued keys in milliseconds since 1970, oldest first. */
  readonly keys: { startsAt: number; expiresAt: number }[];
  /** Number of requests received. */
  requests: number;
  /** Whether requests are rejected with 403. */
  rejects: boolean;
  /** Milliseconds by which keys expire before the requested time. */
  shorterBy: number;
  /** Responses are delayed until this settles. */
  until: Promise<unknown>;
  close(): Promise<void>;
};

export async function startKeyStore({ cert, key }: { cert: string; key: string }): Promise<KeyStore> {
  const server = createServer({ cert, key }, async (request, response) => {
    store.requests++;
    const body = await text(request);
    await store.until;
    if (store.rejects) return response.writeHead(403, { "x-ms-error-code": "AuthorizationFailure" }).end();
    const [start = "", requested = ""] = ["Start", "Expiry"].map((name) => body.match(`<${name}>(.*?)</${name}>`)?.[1]);
    const expiry = new Date(Date.parse(requested) - store.shorterBy).toISOString();
    store.keys.push({ startsAt: Date.parse(start), expiresAt: Date.parse(expiry) });
    response.writeHead(200, { "content-type": "application/xml" });
    return response.end(`<?xml version="1.0" encoding="utf-8"?><UserDelegationKey>
      <SignedOid>00000000-0000-0000-0000-000000000001</SignedOid><SignedTid>00000000-0000-0000-0000-000000000002</SignedTid>
      <SignedStart>${start}</SignedStart><SignedExpiry>${expiry}</SignedExpiry>
      <SignedService>b</SignedService><SignedVersion>2025-05-05</SignedVersion>
      <Value>${randomBytes(32).toString("base64")}</Value></UserDelegationKey>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const store: KeyStore = {
    uri: `https://127.0.0.1:${(server.address() as AddressInfo).port}/account`,
    keys: [],
    requests: 0,
    rejects: false,
    shorterBy: 0,
    until: Promise.resolve(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return store;
}
