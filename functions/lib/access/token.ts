// Access tokens: signed JWTs in the profile of RFC 9068, and who they speak for.
import { errors, importJWK, jwtVerify, SignJWT } from "jose";
import { AppError } from "../errors.ts";
import { type Caller, type Role, roles } from "./permissions.ts";
import type { SigningKey, SigningKeys } from "./signing-keys.ts";

const TYPE = "at+jwt";
const ALGORITHM = "EdDSA";
const CLOCK_TOLERANCE_S = 30;

/** Subjects name owners in blob names and table keys, where a slash or a leading dot would mean something. */
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

export type TokenParties = { readonly issuer: string; readonly audience: string };

/**
 * @param options.expiresIn seconds from now
 * @throws {Error} when the subject is not one that verification accepts
 */
export async function signToken(
  options: TokenParties & { key: SigningKey; subject: string; role: Role; expiresIn: number },
): Promise<string> {
  const { key, issuer, audience, subject, role, expiresIn } = options;
  if (!SUBJECT.test(subject))
    throw new Error(
      `A subject is 1 to 64 letters, digits and . _ @ - and begins with a letter or digit, received "${subject}".`,
    );
  return new SignJWT({ role })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(key, ALGORITHM));
}

/** RFC 6750 section 3: what a refused caller should present, and why this was not it. */
function unauthenticated(message: string, error?: "invalid_token", cause?: unknown): AppError {
  const challenge = error ? `Bearer realm="vitae", error="${error}"` : 'Bearer realm="vitae"';
  return new AppError("UNAUTHENTICATED", message, { cause, headers: { "WWW-Authenticate": challenge } });
}

const reasons: Record<string, string> = {
  ERR_JWT_EXPIRED: "The token has expired: ask for a new one.",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "The token's signature is wrong: it was not signed here, or it was changed.",
  ERR_JWT_CLAIM_VALIDATION_FAILED:
    "A claim of the token is not what this API accepts: it was issued for something else.",
};

export type TokenVerifier = (authorization: string | null) => Promise<Caller>;

/**
 * Reads an Authorization header's bearer token.
 * @throws {AppError} UNAUTHENTICATED for a missing, malformed, expired, foreign or forged token;
 *   DEPENDENCY_UNAVAILABLE when the signing keys cannot be read
 */
export function createTokenVerifier(keys: SigningKeys, { issuer, audience }: TokenParties): TokenVerifier {
  return async (authorization) => {
    if (authorization === null)
      throw unauthenticated("This needs a bearer token: send the header Authorization: Bearer <token>.");
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (!token)
      throw unauthenticated("The Authorization header must be the word Bearer, a space, and a token.", "invalid_token");
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = (await keys(kid)).find((candidate) => candidate.kid === kid);
          if (!key) throw unauthenticated("The token names a signing key that is not in use here.", "invalid_token");
          return { kty: key.kty, crv: key.crv, x: key.x };
        },
        {
          issuer,
          audience,
          algorithms: [ALGORITHM],
          typ: TYPE,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ["exp", "iat", "sub"],
        },
      );
      const role = roles.find((known) => known === payload.role);
      if (!role) throw unauthenticated("The token carries no role that is known here.", "invalid_token");
      if (!payload.sub || !SUBJECT.test(payload.sub))
        throw unauthenticated("The token's subject is no name that is used here.", "invalid_token");
      return { subject: payload.sub, role };
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw unauthenticated(
        reasons[cause.code] ?? "The token cannot be read: it is malformed.",
        "invalid_token",
        cause,
      );
    }
  };
}
