// Rejects tokens and passwords in the query: URLs end up in logs, browser histories and Referer headers (RFC 6750 section 5.3).
import { placeOf, throwValidationError } from "./validation-issues.ts";

/** In lower case, without separators. No operation may declare a query parameter of such a name. */
const SECRET_NAMES = new Set([
  "accesstoken",
  "refreshtoken",
  "idtoken",
  "token",
  "password",
  "currentpassword",
  "newpassword",
]);

const isSecretName = (name: string): boolean => SECRET_NAMES.has(name.toLowerCase().replace(/[_.-]/g, ""));

export const hasSecretName = (names: readonly string[]): boolean => names.some(isSecretName);

/** @throws {AppError} VALIDATION_FAILED; its message repeats names, never a value */
export function rejectSecretNames(names: readonly string[]): void {
  const secrets = [...new Set(names.filter(isSecretName))];
  if (secrets.length > 0)
    throwValidationError(
      secrets.map((name) => ({
        path: placeOf("query", [name]),
        message:
          "must not be in a URL, which logs keep: replace the secret, and send it in the body or in Authorization.",
      })),
    );
}
