// A request's body: as it comes, or as JSON read no further than its limit.
import { MIMEType } from "node:util";
import { AppError } from "../errors.ts";
import { refuse, shorten } from "./faults.ts";
import { parseStrictJson } from "./strict-json.ts";

/** Bytes. Every JSON body of this API is a handful of fields. */
const JSON_LIMIT = 64 * 1024;

type Body = { values(options: { preventCancel: boolean }): AsyncIterable<Uint8Array> } | null;

/**
 * The chunks of a body. Whoever stops early must not cancel it: cancelling ends the connection on which the answer,
 * which says why, has yet to go.
 */
export async function* bodyOf({ body }: { readonly body: Body }): AsyncGenerator<Uint8Array> {
  if (body) yield* body.values({ preventCancel: true });
}

/** What a stream's early end means: callers who hang up are no failure of ours, and must not look like one. */
export function cutOff(cause: unknown): AppError {
  return new AppError("VALIDATION_FAILED", "The body ended before it was complete: send it again.", { cause });
}

/**
 * No body is decompressed: a small one could become a large one.
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE for any content coding
 */
export function refuseEncoded(headers: Headers): void {
  const coding = headers.get("content-encoding");
  if (coding && coding.toLowerCase() !== "identity")
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `The body must come without Content-Encoding, received "${shorten(coding)}": send it as it is.`,
      // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
      { headers: { "Accept-Encoding": "identity" } },
    );
}

function isJson(type: string): boolean {
  try {
    const { essence, params } = new MIMEType(type);
    const charset = params.get("charset")?.toLowerCase() ?? "utf-8";
    return /^application\/(?:[\w.-]+\+)?json$/.test(essence) && (charset === "utf-8" || charset === "utf8");
  } catch {
    // Two headers, which come as one with a comma between them, are no type either.
    return false;
  }
}

const tooLarge = () =>
  new AppError("PAYLOAD_TOO_LARGE", `A JSON body has at most ${JSON_LIMIT} bytes, received more: send less.`);

/**
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE when it is not declared as JSON in UTF-8, PAYLOAD_TOO_LARGE beyond 64 KiB,
 *   VALIDATION_FAILED when it is absent, cut off, or not what parseStrictJson takes
 */
export async function readJson({
  headers,
  stream,
}: {
  readonly headers: Headers;
  readonly stream: AsyncIterable<Uint8Array>;
}): Promise<unknown> {
  refuseEncoded(headers);
  const type = headers.get("content-type");
  if (!isJson(type ?? ""))
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `The body must be JSON in UTF-8, received ${type ? `"${shorten(type)}"` : "no Content-Type"}: send Content-Type: application/json.`,
    );
  if (Number(headers.get("content-length")) > JSON_LIMIT) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      if (size > JSON_LIMIT) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : cutOff(cause);
  }
  if (size === 0) refuse([{ path: "body", message: "must be JSON, received nothing: send it." }]);
  return parseStrictJson(Buffer.concat(chunks));
}
