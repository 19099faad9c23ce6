// Reads the body of a request: as a stream, as bytes up to a limit, or as JSON.
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

/** The media type of a body in UTF-8, in lower case; undefined for any other charset, and for a missing or invalid type. */
function typeOf(headers: Headers): string | undefined {
  try {
    const { essence, params } = new MIMEType(headers.get("content-type") ?? "");
    return /^utf-?8$/i.test(params.get("charset") ?? "utf-8") ? essence : undefined;
  } catch {
    // Two headers arrive as one with a comma between them, which is no valid type.
    return undefined;
  }
}

type ExpectedType = { readonly pattern: RegExp; readonly name: string; readonly example: string };

/** @throws {AppError} UNSUPPORTED_MEDIA_TYPE for any other media type or charset, and for any content coding */
export function requireType(headers: Headers, { pattern, name, example }: ExpectedType): void {
  rejectContentEncoding(headers);
  if (pattern.test(typeOf(headers) ?? "")) return;
  const type = headers.get("content-type");
  throw new AppError(
    "UNSUPPORTED_MEDIA_TYPE",
    `The body must be ${name}, received ${type ? `"${shorten(type)}"` : "no Content-Type"}: send Content-Type: ${example}.`,
  );
}

export type BodySource = {
  readonly headers: Headers;
  readonly stream: AsyncIterable<Uint8Array>;
  /** Milliseconds for the whole body. @default 90000 */
  readonly maxMs?: number;
};

/**
 * @param what subject of the message, such as "A form"
 * @throws {AppError} PAYLOAD_TOO_LARGE, VALIDATION_FAILED when it is incomplete or too slow
 */
export async function readBytes(
  { headers, stream, maxMs }: BodySource,
  { what, maxBytes }: { readonly what: string; readonly maxBytes: number },
): Promise<Buffer> {
  const tooLarge = () =>
    new AppError("PAYLOAD_TOO_LARGE", `${what} must have at most ${maxBytes} bytes, received more: send less.`);
  if (Number(headers.get("content-length")) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of beforeDeadline(stream, maxMs)) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof AppError ? cause : bodyEndedEarly(cause);
  }
  return Buffer.concat(chunks);
}

const JSON_TYPE: ExpectedType = {
  pattern: /^application\/(?:[\w.-]+\+)?json$/,
  name: "JSON in UTF-8",
  example: "application/json",
};

/**
 * @throws {AppError} UNSUPPORTED_MEDIA_TYPE unless it is declared as JSON in UTF-8, PAYLOAD_TOO_LARGE beyond 64 KiB,
 *   VALIDATION_FAILED when it is missing, incomplete, too slow, or rejected by parseStrictJson
 */
export async function readJson(source: BodySource): Promise<unknown> {
  requireType(source.headers, JSON_TYPE);
  const bytes = await readBytes(source, { what: "A JSON body", maxBytes: JSON_LIMIT });
  if (bytes.length === 0)
    throwValidationError([{ path: "body", message: "must be JSON, received nothing: send a body." }]);
  return parseStrictJson(bytes);
}
