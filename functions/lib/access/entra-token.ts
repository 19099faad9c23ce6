// Access tokens of Entra ID: a user of one tenant, with one of our roles, who called through an app with our scope.
import { errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { StoreClock } from "../store-clock.ts";
import { createEntraKeys } from "./entra-keys.ts";
import { roles } from "./permissions.ts";
import type { VerifiedToken } from "./token.ts";
import { describeRejection, unauthenticated } from "./unauthenticated.ts";

const AUTHORITY = "https://login.microsoftonline.com";
const SCOPE = "access_as_user";
const CLOCK_TOLERANCE_S = 30;

const guid = z.guid();

/** The issuer of tokens of version 2.0; those of version 1.0 come from sts.windows.net and are rejected. */
export const entraIssuer = (tenantId: string): string => `${AUTHORITY}/${tenantId.toLowerCase()}/v2.0`;

/**
 * What the claims mean for this API, by https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference.
 * @throws {AppError} UNAUTHENTICATED
 */
function readClaims(payload: JWTPayload, tenantId: string): VerifiedToken {
  const { ver, tid, scp, oid, iat = 0 } = payload;
  const reject = (message: string) => unauthenticated(message, "invalid_token");
  if (ver !== "2.0" || String(tid).toLowerCase() !== tenantId)
    throw reject("The token has another version than 2.0, or belongs to another tenant.");
  // Tokens of applications and ID tokens have the same audience, and can have roles, but no scope.
  if (typeof scp !== "string" || !scp.split(" ").includes(SCOPE))
    throw reject(`The token lacks the scope ${SCOPE}: request an access token with it, on behalf of a user.`);
  const assigned: unknown[] = Array.isArray(payload.roles) ? payload.roles : [];
  const [role, ...more] = assigned.flatMap((value) => roles.filter((known) => known === value));
  if (!role || more.length > 0)
    throw reject(`The token must have exactly one of the app roles ${roles.join(", ")}: assign one to the user.`);
  const object = guid.safeParse(oid);
  if (!object.success) throw reject("The token's oid is missing or malformed.");
  return { subject: `entra.${object.data.toLowerCase()}`, role, issuedAt: iat, issuer: "entra" };
}

export type EntraParties = {
  /** GUID of the tenant. */
  readonly tenantId: string;
  /** The `aud` of tokens of version 2.0, in any case: the client id of the API's registration. */
  readonly audience: string;
  readonly clock: StoreClock;
  /** @default the tenant's address at login.microsoftonline.com; for tests */
  readonly jwksUrl?: string;
};

/**
 * Verifies access tokens of a tenant. Their subject is `entra.{oid}`, which no user of the roster can have.
 * @returns a function of the token that throws {AppError} UNAUTHENTICATED when the token is rejected, and
 *   DEPENDENCY_UNAVAILABLE, with the cause, when the tenant's keys cannot be read or used
 */
export function createEntraVerifier({ tenantId, audience, clock, jwksUrl }: EntraParties) {
  const tenant = tenantId.toLowerCase();
  const keys = createEntraKeys(new URL(jwksUrl ?? `${AUTHORITY}/${tenant}/discovery/v2.0/keys`));
  return async (token: string): Promise<VerifiedToken> => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: entraIssuer(tenant),
        audience: audience.toLowerCase(),
        algorithms: ["RS256"],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(clock.now().latest),
        requiredClaims: ["exp", "iat"],
      });
      return readClaims(payload, tenant);
    } catch (thrown) {
      if (thrown instanceof AppError || thrown instanceof errors.JOSEError) throw describeRejection(thrown);
      // Such as a key with too few bits: the token cannot be judged.
      const message = "A key of Entra ID cannot be used";
      throw new AppError("DEPENDENCY_UNAVAILABLE", message, { cause: thrown, retryAfter: 30 });
    }
  };
}
