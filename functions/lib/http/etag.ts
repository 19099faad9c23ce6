// ETags of response bodies, and the conditional GET. Pure.
import { createHash } from "node:crypto";

/** A strong ETag: it changes with every byte of the body. */
export const etagOfBody = (body: string): string =>
  `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;

/** https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2: compared weakly, since a proxy that compresses weakens tags. */
export function matchesIfNoneMatch(headers: Headers, etag: string): boolean {
  const received = headers.get("if-none-match");
  if (received === null) return false;
  return received.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
}
