// The keys that sign tokens: made once, kept in the vault as a JWK set, cached by whoever verifies.
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import { AppError } from "../errors.ts";

const base64url = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const signingKey = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  alg: z.literal("EdDSA"),
  kid: z.string().min(1),
  x: base64url,
  d: base64url,
});
const keySet = z.object({ keys: z.array(signingKey).min(1) });

/** A private Ed25519 JWK (RFC 8037) with its key id. */
export type SigningKey = z.infer<typeof signingKey>;

/** The one that signs first. */
type Keys = [SigningKey, ...SigningKey[]];

/** A new set of one key, as the vault stores it: the first key of a set signs, all of them verify. */
export async function generateSigningKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const jwk = await exportJWK(privateKey);
  return JSON.stringify({ keys: [{ ...jwk, alg: "EdDSA", kid: crypto.randomUUID() }] });
}

/**
 * The keys of a stored set, the signing one first.
 * @throws {AppError} INTERNAL when the value is no such set; the message never shows it
 */
export function parseSigningKeys(value: string): Keys {
  try {
    return keySet.parse(JSON.parse(value)).keys as Keys;
  } catch {
    // No cause: a parser's message can quote the secret.
    throw new AppError("INTERNAL", "The secret with the signing keys is not a JWK set of private Ed25519 keys");
  }
}

/**
 * The keys as the vault has them at this moment.
 * @throws {AppError} DEPENDENCY_UNAVAILABLE when it holds none yet, INTERNAL when what it holds are no keys
 */
export async function readSigningKeys(read: () => Promise<string | undefined>): Promise<Keys> {
  const value = await read();
  if (value !== undefined) return parseSigningKeys(value);
  throw new AppError("DEPENDENCY_UNAVAILABLE", "The vault holds no signing keys: run seed-entity", { retryAfter: 30 });
}

const FRESH_MS = 5 * 60_000;
const MISS_PAUSE_MS = 10_000;

/** All keys; `kid` names the one a token wants, so that a key rotated in a moment ago is looked for. */
export type SigningKeys = (kid?: string) => Promise<Keys>;

/**
 * Keys from the vault, read at most every five minutes, or every ten seconds while tokens name a key that is not
 * among them: a caller who invents key ids must not be able to drive calls to the vault.
 * @throws {AppError} DEPENDENCY_UNAVAILABLE when the vault fails or holds no keys yet
 */
export function createSigningKeys(
  read: () => Promise<string | undefined>,
  now: () => number = () => performance.now(),
): SigningKeys {
  let cached: { keys: Keys; at: number } | undefined;
  let reading: Promise<Keys> | undefined;
  let asked = Number.NEGATIVE_INFINITY;

  async function load() {
    asked = now();
    const keys = await readSigningKeys(read);
    cached = { keys, at: now() };
    return cached.keys;
  }

  return async (kid) => {
    const known = kid === undefined || cached?.keys.some((key) => key.kid === kid);
    // A miss waits after a failed read too: else invented key ids would reach a vault in trouble, one after the other.
    if (cached && (known ? now() - cached.at < FRESH_MS : now() - asked < MISS_PAUSE_MS)) return cached.keys;
    reading ??= load().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}
