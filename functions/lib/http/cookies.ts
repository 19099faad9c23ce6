// Reads cookies, and rejects requests with cookies that come from the page of another origin.
import { AppError } from "../errors.ts";
import { throwValidationError } from "./validation-issues.ts";

/** Bytes of a Cookie header. Node.js accepts 16 KiB of headers; browsers send at most 4 KiB per cookie. */
const MAX_HEADER = 8 * 1024;

/** RFC 6265 section 4.1.1: cookie-value, with or without quotes. */
const VALUE = /^(?:[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")$/;

const reject = (name: string, message: string) => throwValidationError([{ path: `cookie.${name}`, message }]);

/**
 * The cookies of these names; others are ignored, since pages of the same host may set them. Messages never repeat a value.
 * @throws {AppError} VALIDATION_FAILED for a cookie that is repeated or malformed, and for a header above 8 KiB
 */
export function readCookies(header: string | null, names: readonly string[]): Readonly<Record<string, string>> {
  if (names.length === 0 || header === null) return {};
  if (header.length > MAX_HEADER)
    throw new AppError("VALIDATION_FAILED", `The Cookie header must have at most ${MAX_HEADER} bytes: delete cookies.`);
  const cookies: Record<string, string> = {};
  // The host joins several Cookie headers with a comma, which is no part of a name or value.
  for (const pair of header.split(/[;,]/)) {
    const separator = pair.indexOf("=");
    const name = pair.slice(0, separator).trim();
    if (separator < 0 || !names.includes(name)) continue;
    // Which one of two is genuine is unknown: a page of a subdomain can add a cookie of the same name.
    if (Object.hasOwn(cookies, name)) reject(name, "must be given once, received it again: delete the cookies.");
    const value = pair.slice(separator + 1).trim();
    if (!VALUE.test(value)) reject(name, "must be a cookie value of RFC 6265, received other characters.");
    cookies[name] = value.replace(/^"|"$/g, "");
  }
  return cookies;
}

/**
 * For every request that uses or sets a cookie: browsers send it with requests of other pages too. The Host header is not
 * used, since the client chooses it.
 * @throws {AppError} FORBIDDEN unless the Origin header is one of the API's own origins
 */
export function requireOwnOrigin(
  { headers }: { readonly headers: Headers },
  { APP_ORIGINS }: { readonly APP_ORIGINS: readonly string[] },
): void {
  const origin = headers.get("origin");
  if (origin !== null && APP_ORIGINS.includes(origin)) return;
  throw new AppError(
    "FORBIDDEN",
    "The Origin header must be an origin of this API, as browsers send it from its own pages: without a browser, send the token in the body.",
  );
}
