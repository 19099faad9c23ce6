// Access tokens: signs and verifies JWTs in the profile of RFC 9068.
import { errors, importJWK, jwtVerify, SignJWT } from "jose";
import { AppError } from "../errors.ts";
import { type Caller, type Role, roles } from "./permissions.ts";
import type { SigningKey, SigningKeys } from "./signing-keys.ts";

const TYPE = "at+jwt";
const ALGORITHM = "EdDSA";
const CLOCK_TOLERANCE_S = 30;

/** Subjects are part of blob names and table keys, where a slash or a leading dot has a meaning. */
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

type TokenParties = { readonly issuer: string; readonly audience: string };

/**
 * @param options.expiresIn seconds from now
 * @throws {Error} when verification would reject the subject
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

/** An error with the challenge of RFC 6750 section 3. */
function unauthenticated(message: string, error?: "invalid_token", cause?: unknown): AppError {
  const challenge = error ? `Bearer realm="vitae", error="${error}"` : 'Bearer realm="vitae"';
  return new AppError("UNAUTHENTICATED", message, { cause, headers: { "WWW-Authenticate": challenge } });
}

const messages: Record<string, string> = {
  ERR_JWT_EXPIRED: "The token has expired: request a new one.",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED:
    "The token's signature is invalid: another issuer signed it, or it was changed.",
  ERR_JWT_CLAIM_VALIDATION_FAILED: "A claim of the token is invalid: it was issued for another API.",
};

/** What is wrong with a header that has no token. It never repeats the header. */
function describeMalformed(authorization: string): string {
  const rule = "The Authorization header must be: Bearer <token>";
  if (/^Bearer *$/i.test(authorization)) return `${rule}; received no token: check the variable that holds it.`;
  if (/^Bearer /i.test(authorization)) return `${rule}; received no JWT after Bearer: send the token without quotes.`;
  return `${rule}; received no Bearer: write it before the token.`;
}

export type TokenVerifier = (authorization: string | null) => Promise<Caller>;

/**
 * Verifies the bearer token of an Authorization header.
 * @throws {AppError} UNAUTHENTICATED for a missing, malformed, expired, foreign or forged token;
 *   DEPENDENCY_UNAVAILABLE when the signing keys cannot be read
 */
export function createTokenVerifier(keys: SigningKeys, { issuer, audience }: TokenParties): TokenVerifier {
  return async (authorization) => {
    if (authorization === null)
      throw unauthenticated("This route requires a bearer token: send the header Authorization: Bearer <token>.");
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (!token) throw unauthenticated(describeMalformed(authorization), "invalid_token");
    try {
      const { payload } = await jwtVerify(
        token,
        // Unlike jose's createLocalJWKSet this never accepts a token without a key id.
        async ({ kid }) => {
          const key = (await keys(kid)).find((candidate) => candidate.kid === kid);
          if (!key) throw unauthenticated("The token names an unknown signing key.", "invalid_token");
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
      if (!role) throw unauthenticated("The token has no known role.", "invalid_token");
      if (!payload.sub || !SUBJECT.test(payload.sub))
        throw unauthenticated("The token's subject is missing or malformed.", "invalid_token");
      return { subject: payload.sub, role };
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw unauthenticated(messages[cause.code] ?? "The token is malformed.", "invalid_token", cause);
    }
  };
}
