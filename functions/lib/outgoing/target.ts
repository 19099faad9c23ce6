// Which URLs an outgoing request may have, before any name is resolved. Pure. Messages never repeat a URL: its query may
// contain a signature.
import { isIP } from "node:net";
import { throwValidationError } from "../http/validation-issues.ts";
import { isPublicAddress } from "./public-address.ts";

export type Target = {
  readonly url: URL;
  /** A name in lower case, punycode and without a dot at the end, or an address without brackets. */
  readonly host: string;
};

const MAX_LENGTH = 2_048;

/** RFC 1035 section 2.3.4, with the underscore that some hosts have. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const MAX_NAME = 253;

/** Top-level names that never belong to a public host: RFC 6761, 6762, 7686, 8375, and ICANN's `internal`. */
const LOCAL_NAMES = new Set(["arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"]);

/** One message for all of them: it must not show which names and addresses exist in the app's own network. */
export const NOT_PUBLIC =
  "must lead to a host that has public addresses only, received one without any, or with another: send the URL of a public website.";

function isPublicName(host: string): boolean {
  const labels = host.split(".");
  return (
    host.length <= MAX_NAME &&
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label)) &&
    !LOCAL_NAMES.has(labels.at(-1) ?? "")
  );
}

/**
 * Reads a URL as browsers do (https://url.spec.whatwg.org), which also turns 0x7f.1 and other forms into addresses.
 * @param base of a redirect, which may be relative
 * @returns the target, or the rule that the URL breaks, to be read after its place
 */
export function parseTarget(text: string, base?: URL): Target | string {
  if (text.length > MAX_LENGTH)
    return `must have at most ${MAX_LENGTH} characters, received ${text.length}: send a shorter URL.`;
  const url = URL.parse(text, base?.href);
  if (url?.protocol !== "https:")
    return "must be an https:// URL, received another: send one that begins with https://.";
  if (url.username || url.password)
    return "must have no user name or password, received one: send the URL of an image that needs no sign-in.";
  if (url.port) return "must have no port other than 443, received another: send the URL of a public website.";
  const host = url.hostname.replace(/^\[|\]$|\.$/g, "");
  const isPublic = isIP(host) ? isPublicAddress(host) : isPublicName(host);
  return isPublic ? { url, host } : NOT_PUBLIC;
}

/** @throws {AppError} always: VALIDATION_FAILED */
export function rejectUrl(message: string, cause?: unknown): never {
  return throwValidationError([{ path: "body.url", message }], cause);
}
