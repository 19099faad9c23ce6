// Hands out user-delegation keys for any time, which a real store does only for the next seven days: for simulated clocks.
import { randomBytes } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type KeyStore = {
  readonly uri: string;
  /** When the keys that were handed out are valid, in milliseconds since 1970, oldest first. */
  readonly keys: { startsAt: number; expiresAt: number }[];
  /** Requests received, answered or not. */
  requests: number;
  /** Answers 403 from now on. */
  refuses: boolean;
  /** Milliseconds that keys end before they were asked to. */
  shorterBy: number;
  /** Answers only once this settles. */
  until: Promise<unknown>;
  close(): Promise<void>;
};

export async function startKeyStore({ cert, key }: { cert: string; key: string }): Promise<KeyStore> {
  const server = createServer({ cert, key }, async (request, response) => {
    store.requests++;
    const asked = await text(request);
    await store.until;
    if (store.refuses) return response.writeHead(403, { "x-ms-error-code": "AuthorizationFailure" }).end();
    const [start = "", wanted = ""] = ["Start", "Expiry"].map((name) => asked.match(`<${name}>(.*?)</${name}>`)?.[1]);
    const expiry = new Date(Date.parse(wanted) - store.shorterBy).toISOString();
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
    refuses: false,
    shorterBy: 0,
    until: Promise.resolve(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return store;
}
