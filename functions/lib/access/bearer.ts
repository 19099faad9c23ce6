// Reads the bearer token of an Authorization header (RFC 6750 section 2.1).
import { unauthenticated } from "./unauthenticated.ts";

/** Characters. Tokens of this API have about 500; those of Entra ID have a few thousand. */
const MAX_TOKEN_LENGTH = 16_384;

/** What is wrong with a header that has no token. It never repeats the header. */
function describeMalformed(authorization: string): string {
  const rule = "The Authorization header must be: Bearer <token>";
  if (/^Bearer *$/i.test(authorization)) return `${rule}; received no token: check the variable that holds it.`;
  if (/^Bearer /i.test(authorization)) return `${rule}; received no JWT after Bearer: send the token without quotes.`;
  return `${rule}; received no Bearer: write it before the token.`;
}

/**
 * @returns three parts of base64url, joined by dots
 * @throws {AppError} UNAUTHENTICATED when the header is missing or has anything else
 */
export function parseBearer(authorization: string | null): string {
  if (authorization === null)
    throw unauthenticated("This route requires a bearer token: send the header Authorization: Bearer <token>.");
  const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
  if (!token) throw unauthenticated(describeMalformed(authorization), "invalid_token");
  if (token.length > MAX_TOKEN_LENGTH)
    throw unauthenticated(
      `A token has at most ${MAX_TOKEN_LENGTH} characters, received ${token.length}.`,
      "invalid_token",
    );
  return token;
}
