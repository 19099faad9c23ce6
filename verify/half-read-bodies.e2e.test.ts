// A request whose body the app does not read to its end must not make the next client's request hang. Limits are on, since
// a limit by address reads the first bytes of a body and leaves the rest.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";

const KIB = 1024;
const SIZES = [0, 64, 200, 330, 1500, 2500, 9000, 12_000].map((size) => size * KIB);
const REQUESTS = [
  ["a visit with a body", "POST", "/v1/visits/resume", 200],
  ["an upload without a token", "POST", "/v1/images", 401],
  ["a path that does not exist", "POST", "/v1/nothing", 404],
  ["a method that the path does not support", "PUT", "/v1/images", 405],
] as const;

let backend: Backend;
beforeAll(async () => {
  // The limits count, but leave room for every request of this file.
  const limits = { RATE_LIMIT_VISITS: "1000", RATE_LIMIT_ANONYMOUS: "1000", RATE_LIMIT_UPLOADS: "1000" };
  backend = await startBackend({ RATE_LIMITS: "on", ...limits });
});
afterAll(() => backend.close());

it.each(REQUESTS)("the next client is answered after %s", async (_, method, path, status) => {
  for (const isStreamed of [false, true]) {
    for (const size of SIZES) {
      const bytes = new Uint8Array(size);
      const body = isStreamed ? new Blob([bytes]).stream() : bytes;
      const signal = AbortSignal.timeout(60_000);
      const first = await fetch(`${backend.api}${path}`, { method, body, duplex: "half", signal });
      await first.text();
      expect([size, isStreamed, first.status]).toEqual([size, isStreamed, status]);
      const next = await fetch(`${backend.api}/v1/visits/resume`, { method: "POST", signal });
      expect([size, isStreamed, next.status]).toEqual([size, isStreamed, 200]);
      await next.text();
    }
  }
});
