// Reads the body of a form: application/x-www-form-urlencoded, as RFC 6749 section 3.2 and appendix B restrict it.
import type { ErrorDetail } from "../errors.ts";
import { type BodySource, readBytes, requireType } from "./body.ts";
import { mayBeJsonObject } from "./forged-headers.ts";
import { readPairs } from "./url-encoded.ts";
import { throwValidationError } from "./validation-issues.ts";

/** Bytes. A token or a password with its user name is much shorter. */
const FORM_LIMIT = 8 * 1024;

const FORM = "application/x-www-form-urlencoded";
const FORM_TYPE = /^application\/x-www-form-urlencoded$/;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    return throwValidationError([{ path: "form", message: "must be UTF-8, received other bytes." }], cause);
  }
}

/**
 * The parameters of a form by name. A known parameter without a value counts as omitted; an unknown one stays, so that
 * the schema rejects it: it is the end of a password with an unescaped `&`. So messages show neither values nor names.
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE unless it is declared as a form in UTF-8, PAYLOAD_TOO_LARGE beyond 8 KiB,
 *   VALIDATION_FAILED when it is incomplete, too slow or malformed, or repeats a parameter
 */
export async function readForm(
  source: BodySource,
  known: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  requireType(source.headers, { pattern: FORM_TYPE, name: "a form in UTF-8", example: FORM });
  const bytes = await readBytes(source, { what: "A form", maxBytes: FORM_LIMIT });
  // The host reads such a body as JSON, whatever its type: a field `headers` of it replaces Origin and Cookie.
  if (mayBeJsonObject(bytes) && bytes.length > 0)
    throwValidationError([{ path: "form", message: "must be name=value pairs joined by &, received JSON." }]);
  const { repeated, unreadable, values } = readPairs(decode(bytes));
  const issues: ErrorDetail[] = [];
  if (unreadable.length > 0)
    issues.push({
      path: "form",
      message: "must be UTF-8 in valid percent escapes, without %00: escape each value as encodeURIComponent does.",
    });
  if (repeated.size > 0) issues.push({ path: "form", message: "must give each parameter once, received one again." });
  if (issues.length > 0) throwValidationError(issues);
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== "" || !known.includes(name)));
}
