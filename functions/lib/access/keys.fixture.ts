// One signing key without a vault, for tests of what needs verified tokens.
import { createStoreClock } from "../store-clock.ts";
import { parseBearer } from "./bearer.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Caller } from "./permissions.ts";
import { generateSigningKey, parseSigningKeys, publicKeyOf, type SigningKey } from "./signing-keys.ts";
import { createTokenVerifier } from "./token.ts";

export const newKey = async (): Promise<SigningKey> => parseSigningKeys(await generateSigningKey())[0];

/** A ring of these keys, the first of which signs. */
export function ringOf(...keys: [SigningKey, ...SigningKey[]]): Pick<KeyRing, "find" | "signingKey"> {
  const publicKeys = keys.map(publicKeyOf);
  return {
    find: async (kid) => publicKeys.find((key) => key.kid === kid),
    signingKey: async () => keys[0],
  };
}

/** What the boundary calls with an Authorization header, with this key instead of the vault's. */
export function verifierOf(
  key: SigningKey,
  parties: { issuer: string; audience: string },
): (authorization: string | null) => Promise<Caller> {
  const verify = createTokenVerifier(ringOf(key), { ...parties, clock: createStoreClock() });
  return async (authorization) => verify(parseBearer(authorization));
}
