// A request's body: as it comes, or as JSON read no further than its limit.
import { AppError } from "../errors.ts";

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
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE when it is not declared as JSON, PAYLOAD_TOO_LARGE beyond 64 KiB,
 *   VALIDATION_FAILED when it is absent, cut off, not UTF-8 or not JSON
 */
export async function readJson({
  headers,
  stream,
}: {
  readonly headers: Headers;
  readonly stream: AsyncIterable<Uint8Array>;
}): Promise<unknown> {
  const type = headers.get("content-type");
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type ?? ""))
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `The body must be JSON with Content-Type: application/json, received ${type ? `"${type.slice(0, 100)}"` : "no Content-Type"}.`,
    );
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      if (size > JSON_LIMIT)
        throw new AppError("PAYLOAD_TOO_LARGE", `A JSON body is at most ${JSON_LIMIT} bytes; this one is longer.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw cutOff(cause);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (cause) {
    throw new AppError(
      "VALIDATION_FAILED",
      size === 0 ? "A JSON body is required, received none." : "The body is not JSON in UTF-8: check its syntax.",
      { cause },
    );
  }
}
