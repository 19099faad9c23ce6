// Rejected tokens: the error with its challenge, and what the client reads about a token that jose rejects.
import { errors } from "jose";
import { AppError } from "../errors.ts";

/** An error with the challenge of RFC 6750 section 3. */
export function unauthenticated(message: string, error?: "invalid_token", cause?: unknown): AppError {
  const challenge = error ? `Bearer realm="vitae", error="${error}"` : 'Bearer realm="vitae"';
  return new AppError("UNAUTHENTICATED", message, { cause, headers: { "WWW-Authenticate": challenge } });
}

const messages: Record<string, string> = {
  ERR_JWT_EXPIRED: "The token has expired: request a new one.",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED:
    "The token's signature is invalid: another issuer signed it, or it was changed.",
  ERR_JOSE_ALG_NOT_ALLOWED:
    "The token's algorithm is not one of this issuer: request a token from this API. One of Entra ID is accepted in version 2.0, where its tenant is configured.",
};

/** By the name of the claim, or of the header `typ`. */
const claimMessages: Record<string, string> = {
  iss: "The token's issuer is not accepted: request a token from this API.",
  aud: "The token was issued for another API: request one for this API.",
  nbf: "The token is not valid yet: check the clock of its issuer.",
  typ: "The token is not an access token: send one.",
};

function describe(error: errors.JOSEError): string {
  if (!(error instanceof errors.JWTClaimValidationFailed)) return messages[error.code] ?? "The token is malformed.";
  // Names of claims come from the verifier, never from the token.
  if (error.reason === "missing") return `The token lacks the claim ${error.claim}, which access tokens have.`;
  return claimMessages[error.claim] ?? `The claim ${error.claim} of the token is invalid.`;
}

/** What a verification threw, as UNAUTHENTICATED if jose rejected the token. Any other error is returned as it is. */
export function describeRejection(thrown: unknown): unknown {
  if (!(thrown instanceof errors.JOSEError)) return thrown;
  return unauthenticated(describe(thrown), "invalid_token", thrown);
}
