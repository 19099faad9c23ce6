// Access tokens: signs and verifies JWTs in the profile of RFC 9068.
import { importJWK, jwtVerify, SignJWT } from "jose";
import { type Caller, type Role, roles } from "./permissions.ts";
import type { SigningKey, SigningKeys } from "./signing-keys.ts";
import { describeRejection, unauthenticated } from "./unauthenticated.ts";

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

/** What is wrong with a header that has no token. It never repeats the header. */
function describeMalformed(authorization: string): string {
  const rule = "The Authorization header must be: Bearer <token>";
  if (/^Bearer *$/i.test(authorization)) return `${rule}; received no token: check the variable that holds it.`;
  if (/^Bearer /i.test(authorization)) return `${rule}; received no JWT after Bearer: send the token without quotes.`;
  return `${rule}; received no Bearer: write it before the token.`;
}

/** The content of a verified token. */
export type VerifiedToken = {
  readonly subject: string;
  readonly role: Role;
  /** Id of the session that issued the token. */
  readonly session?: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly issuer: "vitae" | "entra";
};

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
    } catch (thrown) {
      throw describeRejection(thrown);
    }
  };
}
