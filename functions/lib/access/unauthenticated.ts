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
  ERR_JWT_CLAIM_VALIDATION_FAILED: "A claim of the token is invalid: it was issued for another API.",
};

/** What a verification threw, as UNAUTHENTICATED if jose rejected the token. Any other error is returned as it is. */
export function describeRejection(thrown: unknown): unknown {
  if (!(thrown instanceof errors.JOSEError)) return thrown;
  return unauthenticated(messages[thrown.code] ?? "The token is malformed.", "invalid_token", thrown);
}
