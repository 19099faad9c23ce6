// Who sends a request: reads the Authorization header, verifies its token, and applies the roster to our own tokens.
import { parseBearer } from "./bearer.ts";
import type { Caller } from "./permissions.ts";
import { lowerRole } from "./roster.ts";
import type { RosterView } from "./roster-view.ts";
import type { TokenVerifier, VerifiedToken } from "./token.ts";
import { unauthenticated } from "./unauthenticated.ts";

/**
 * @param authorization the header's value
 * @throws {AppError} UNAUTHENTICATED for a missing, malformed, expired, foreign or forged token, and for a user who is
 *   unknown, disabled or has revoked the token; DEPENDENCY_UNAVAILABLE when keys or roster cannot be read
 */
export type Authenticate = (authorization: string | null) => Promise<Caller>;

type Options = {
  /** Of our own tokens. */
  readonly verify: TokenVerifier;
  /** Of a second issuer, whose users have no row in the roster. */
  readonly entra?: { readonly issuer: string; readonly verify: TokenVerifier } | undefined;
  readonly users: Pick<RosterView, "find">;
};

/** Unverified: it only chooses between two verifiers, each of which accepts its own issuer alone. */
function issuerOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())?.iss;
  } catch {
    return undefined;
  }
}

/** @throws {AppError} UNAUTHENTICATED, DEPENDENCY_UNAVAILABLE */
async function applyRoster({ subject, role, session, issuedAt }: VerifiedToken, users: Options["users"]) {
  const user = await users.find(subject);
  if (user?.state !== "active")
    throw unauthenticated("The user of the token does not exist or is disabled.", "invalid_token");
  if (issuedAt < user.validFrom)
    throw unauthenticated(
      "The tokens of this user were revoked after this one was issued: sign in again.",
      "invalid_token",
    );
  // A token lives longer than a change of the role.
  return { subject, role: lowerRole(role, user.role), tier: user.tier, ...(session !== undefined && { session }) };
}

export function createAuthenticate({ verify, entra, users }: Options): Authenticate {
  return async (authorization) => {
    const token = parseBearer(authorization);
    if (entra && issuerOf(token) === entra.issuer) {
      const { subject, role } = await entra.verify(token);
      return { subject, role };
    }
    return applyRoster(await verify(token), users);
  };
}
