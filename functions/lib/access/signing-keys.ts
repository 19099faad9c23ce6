// The format of the keys that sign tokens: private Ed25519 keys as JWK (RFC 8037), one per version of a secret.
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import { AppError } from "../errors.ts";

const base64url = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const signingKey = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  alg: z.literal("EdDSA"),
  kid: z.string().min(1).max(100),
  x: base64url,
  d: base64url,
});
const keySet = z.object({ keys: z.array(signingKey).min(1).max(10) });

/** A private Ed25519 JWK with its key id. */
export type SigningKey = z.infer<typeof signingKey>;
/** What anyone may know of a key: RFC 7517 section 4. */
export type PublicKey = Omit<SigningKey, "d"> & { readonly use: "sig" };

/** The keys of one version: the first signs, all of them verify. */
export type Keys = readonly [SigningKey, ...SigningKey[]];

/** Generates a key, as JSON for the vault. */
export async function generateSigningKey(): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const jwk = await exportJWK(privateKey);
  return JSON.stringify({ ...jwk, alg: "EdDSA", kid: crypto.randomUUID() });
}

/**
 * Parses the value of a version: one JWK, or a JWK set of an earlier release.
 * @throws {AppError} INTERNAL when it is neither; the message never contains the value
 */
export function parseSigningKeys(value: string): Keys {
  try {
    const parsed: unknown = JSON.parse(value);
    const isSet = typeof parsed === "object" && parsed !== null && "keys" in parsed;
    return (isSet ? keySet.parse(parsed).keys : [signingKey.parse(parsed)]) as unknown as Keys;
  } catch {
    // Without the cause: a parser's message can quote the secret.
    throw new AppError("INTERNAL", "The value is neither a private Ed25519 key as JWK nor a JWK set of such keys");
  }
}

export function publicKeyOf({ kty, crv, alg, kid, x }: SigningKey): PublicKey {
  return { kty, crv, alg, kid, x, use: "sig" };
}
