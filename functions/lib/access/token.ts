// Access tokens of this API: signs and verifies JWTs in the profile of RFC 9068.
import { importJWK, jwtVerify, SignJWT } from "jose";
import type { StoreClock } from "../store-clock.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Role, roles } from "./permissions.ts";
import type { SigningKey } from "./signing-keys.ts";
import { describeRejection, unauthenticated } from "./unauthenticated.ts";

const TYPE = "at+jwt";
const ALGORITHM = "EdDSA";
const CLOCK_TOLERANCE_S = 30;
/** Seconds. */
const LIFETIME_S = 900;

/** Subjects are part of blob names and table keys, where a slash or a leading dot has a meaning. */
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

type TokenParties = { readonly issuer: string; readonly audience: string };

type TokenOptions = TokenParties & {
  readonly key: SigningKey;
  readonly subject: string;
  readonly role: Role;
  /** Id of the session. */
  readonly session?: string;
  /** Seconds since 1970. @default now */
  readonly issuedAt?: number;
  /** Seconds. */
  readonly expiresIn: number;
};

/** @throws {Error} when verification would reject the subject */
export async function signToken(options: TokenOptions): Promise<string> {
  const { key, issuer, audience, subject, role, session, expiresIn } = options;
  const issuedAt = options.issuedAt ?? Math.floor(Date.now() / 1000);
  if (!SUBJECT.test(subject))
    throw new Error(
      `A subject is 1 to 64 letters, digits and . _ @ - and begins with a letter or digit, received "${subject}".`,
    );
  return new SignJWT({ role, ...(session !== undefined && { sid: session }) })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + expiresIn)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(key, ALGORITHM));
}

/**
 * Signs the access token of a session.
 * @param claims.notBefore seconds since 1970: the user's `validFrom`, before which a token would be rejected
 * @throws {AppError} DEPENDENCY_UNAVAILABLE when there is no recent list of signing keys
 */
export type IssueToken = (claims: {
  readonly subject: string;
  readonly role: Role;
  readonly session: string;
  readonly notBefore?: number;
}) => Promise<{ readonly token: string; readonly expiresIn: typeof LIFETIME_S }>;

type Options = TokenParties & { readonly clock: StoreClock };

export function createTokenIssuer(keys: Pick<KeyRing, "signingKey">, { clock, issuer, audience }: Options): IssueToken {
  return async ({ notBefore = 0, ...claims }) => {
    const key = await keys.signingKey();
    const issuedAt = Math.max(Math.floor(clock.now().latest / 1000), notBefore);
    const token = await signToken({ ...claims, key, issuer, audience, issuedAt, expiresIn: LIFETIME_S });
    return { token, expiresIn: LIFETIME_S };
  };
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

/**
 * @param token a JWT
 * @throws {AppError} UNAUTHENTICATED for a malformed, expired, foreign or forged token; DEPENDENCY_UNAVAILABLE when
 *   the keys that could verify it cannot be read
 */
export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** Verifies tokens that `createTokenIssuer` and `signToken` sign. */
export function createTokenVerifier(keys: Pick<KeyRing, "find">, { clock, issuer, audience }: Options): TokenVerifier {
  return async (token) => {
    try {
      const { payload } = await jwtVerify(
        token,
        // Unlike jose's createLocalJWKSet this never accepts a token without a key id.
        async ({ kid }) => {
          const key = typeof kid === "string" ? await keys.find(kid) : undefined;
          if (!key) throw unauthenticated("The token names an unknown signing key.", "invalid_token");
          return key;
        },
        {
          issuer,
          audience,
          algorithms: [ALGORITHM],
          typ: TYPE,
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: new Date(clock.now().latest),
          requiredClaims: ["exp", "iat", "sub"],
        },
      );
      const { sub, sid, iat = 0 } = payload;
      const role = roles.find((known) => known === payload.role);
      if (!role) throw unauthenticated("The token has no known role.", "invalid_token");
      if (!sub || !SUBJECT.test(sub))
        throw unauthenticated("The token's subject is missing or malformed.", "invalid_token");
      const session = typeof sid === "string" ? { session: sid } : {};
      return { subject: sub, role, ...session, issuedAt: iat, issuer: "vitae" };
    } catch (thrown) {
      throw describeRejection(thrown);
    }
  };
}
