// Reads the body of a request: as a stream, or as JSON up to a limit.
import { MIMEType } from "node:util";
import { AppError } from "../errors.ts";
import { parseStrictJson } from "./strict-json.ts";
import { shorten, throwValidationError } from "./validation-issues.ts";

/** Bytes. Every JSON body of this API has a handful of fields. */
const JSON_LIMIT = 64 * 1024;

type Body = { values(options: { preventCancel: boolean }): AsyncIterable<Uint8Array> } | null;

/** The chunks of a body. A reader that stops early must not cancel it: that would end the connection before the response (docs/decisions/023). */
export async function* readChunks({ body }: { readonly body: Body }): AsyncGenerator<Uint8Array> {
  if (body) yield* body.values({ preventCancel: true });
}

export type PeekableBody = AsyncIterable<Uint8Array> & {
  /** The next chunk that no peek has returned; iteration yields it too. Undefined at the end. */
  peek(): Promise<Uint8Array | undefined>;
};

export function peekable(source: AsyncIterable<Uint8Array>): PeekableBody {
  const chunks = source[Symbol.asyncIterator]();
  const peeked: Uint8Array[] = [];
  return {
    async peek() {
      const { done, value } = await chunks.next();
      if (done) return undefined;
      peeked.push(value);
      return value;
    },
    async *[Symbol.asyncIterator]() {
      yield* peeked;
      yield* { [Symbol.asyncIterator]: () => chunks };
    },
  };
}

/** A client that disconnects causes no server error. */
export function bodyEndedEarly(cause: unknown): AppError {
  return new AppError("VALIDATION_FAILED", "The body ended before it was complete: send it again.", { cause });
}

/** Time for a whole body: a slow client must not hold the memory of an upload until the host ends the request. */
const MAX_BODY_MS = 90_000;

/**
 * Yields the chunks of a body until it has taken `maxMs` milliseconds.
 * @throws {AppError} VALIDATION_FAILED then
 */
export async function* beforeDeadline(
  stream: AsyncIterable<Uint8Array>,
  maxMs = MAX_BODY_MS,
): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]();
  const endsAt = performance.now() + maxMs;
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      // Not Promise.race() with one promise for all chunks: it would keep every chunk in memory.
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        const message = `The body must arrive within ${maxMs / 1_000} seconds, received only a part: send it again on a faster connection.`;
        timer = setTimeout(() => reject(new AppError("VALIDATION_FAILED", message)), endsAt - performance.now());
        chunks.next().then(resolve, reject);
      }).finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: it waits for the chunk that has not arrived.
    chunks.return?.().catch(() => undefined);
  }
}

/**
 * Bodies are never decompressed, since a small one could become a large one.
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE for any content coding
 */
export function rejectContentEncoding(headers: Headers): void {
  const coding = headers.get("content-encoding");
  if (coding && coding.toLowerCase() !== "identity")
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `The body must have no Content-Encoding, received "${shorten(coding)}": send it uncompressed.`,
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
    // Two headers arrive as one with a comma between them, which is no valid type.
    return false;
  }
}

const tooLarge = () =>
  new AppError("PAYLOAD_TOO_LARGE", `A JSON body must have at most ${JSON_LIMIT} bytes, received more: send less.`);

/**
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE unless it is declared as JSON in UTF-8, PAYLOAD_TOO_LARGE beyond 64 KiB,
 *   VALIDATION_FAILED when it is missing, incomplete, too slow, or rejected by parseStrictJson
 */
export async function readJson({
  headers,
  stream,
  maxMs,
}: {
  readonly headers: Headers;
  readonly stream: AsyncIterable<Uint8Array>;
  /** Milliseconds for the whole body. @default 90000 */
  readonly maxMs?: number;
}): Promise<unknown> {
  rejectContentEncoding(headers);
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
    for await (const chunk of beforeDeadline(stream, maxMs)) {
      size += chunk.byteLength;
      if (size > JSON_LIMIT) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : bodyEndedEarly(cause);
  }
  if (size === 0) throwValidationError([{ path: "body", message: "must be JSON, received nothing: send a body." }]);
  return parseStrictJson(Buffer.concat(chunks));
}
