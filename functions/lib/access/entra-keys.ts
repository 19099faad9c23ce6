// The public keys of a tenant of Entra ID, from its fixed address, with every call and response bounded.
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { AppError } from "../errors.ts";
import { unauthenticated } from "./unauthenticated.ts";

const TIMEOUT_MS = 5_000;
/** How long keys are used before they are read again: Entra announces new keys a day ahead. */
const CACHE_MAX_AGE_MS = 3_600_000;
/** After a read, an unknown key id causes the next one at the earliest then. */
const COOLDOWN_MS = 30_000;
/** Pause between two calls when the first had no usable response. jose itself would repeat it for every token. */
const RETRY_MS = 10_000;
/** Entra returns about 20 KiB. */
const MAX_BYTES = 256 * 1024;

/** Reads a body that fetch has decompressed, so that a small response cannot become a large one. */
async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the response.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`The key set of Entra ID has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `fetch` with a limit on the response's size and on the rate of calls. */
function createLimitedFetch(): typeof fetch {
  let calledAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  return async (url, options) => {
    if (performance.now() - calledAt < RETRY_MS)
      throw new Error("The key set of Entra ID is read again ten seconds after a failure", { cause: failure });
    calledAt = performance.now();
    try {
      const response = await fetch(url, options);
      failure = new Error(`The last response had status ${response.status}`);
      return new Response(await readLimited(response), { status: response.status });
    } catch (thrown) {
      failure = thrown;
      throw thrown;
    }
  };
}

/**
 * Finds the key of a token by its `kid` alone: `jku`, `x5u` and `jwk` of a token are never used.
 * Concurrent tokens share one call, which takes 5 seconds at most.
 * @throws {AppError} UNAUTHENTICATED when the token has no or an unknown `kid`; DEPENDENCY_UNAVAILABLE, with the cause,
 *   when the keys cannot be read
 */
export function createEntraKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHE_MAX_AGE_MS,
    [customFetch]: createLimitedFetch(),
  });
  return async (header, token) => {
    // Without a key id jose would take the only key of a set.
    if (typeof header?.kid !== "string") throw unauthenticated("The token names no signing key.", "invalid_token");
    try {
      return await keys(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey)
        throw unauthenticated("The token names an unknown signing key.", "invalid_token", cause);
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The keys of Entra ID cannot be read", { cause, retryAfter: 30 });
    }
  };
}
