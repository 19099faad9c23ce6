// Reads one uploaded file, up to a limit: the field of a multipart form, or the raw body.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../errors.ts";
import { FORM_OVERHEAD } from "../settings-schema.ts";
import { beforeDeadline, bodyEndedEarly, rejectContentEncoding } from "./body.ts";
import { shorten } from "./validation-issues.ts";

type Upload = {
  readonly headers: Headers;
  /** Bytes, as Node.js's server received it. 0 if unknown. */
  readonly contentLength: number;
  readonly stream: AsyncIterable<Uint8Array>;
  /** The form field with the file. */
  readonly field: string;
  readonly maxBytes: number;
  /** Milliseconds for the whole body. @default 90000 */
  readonly maxMs?: number;
};
/** The bytes share their memory with nothing else. */
export type UploadedFile = { readonly bytes: Buffer<ArrayBuffer>; readonly filename?: string };

const MAX_PARTS = 20;

const tooLarge = (maxBytes: number) =>
  new AppError("PAYLOAD_TOO_LARGE", `A file must have at most ${maxBytes} bytes, received more: send a smaller one.`);

/** Yields chunks up to the limit and reads no further. */
async function* atMost(stream: AsyncIterable<Uint8Array>, limit: number, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** @returns bytes that an upload takes at most; without a length its buffer is copied as it grows */
export function uploadMemory(contentLength: number, maxBytes: number): number {
  return contentLength > 0 ? Math.min(contentLength, maxBytes + FORM_OVERHEAD) : 2 * maxBytes;
}

/**
 * Collects chunks in one buffer of the announced size: a list of chunks and their concatenation would hold every upload
 * twice.
 */
function createByteBuffer(contentLength: number, maxBytes: number) {
  let memory = Buffer.allocUnsafeSlow(Math.min(contentLength || FORM_OVERHEAD, maxBytes));
  let size = 0;
  return {
    add(chunk: Uint8Array): void {
      if (size + chunk.byteLength > memory.byteLength) {
        const larger = Buffer.allocUnsafeSlow(
          Math.max(Math.min(2 * memory.byteLength, maxBytes), size + chunk.byteLength),
        );
        memory.copy(larger, 0, 0, size);
        memory = larger;
      }
      memory.set(chunk, size);
      size += chunk.byteLength;
    },
    bytes: (): Buffer<ArrayBuffer> => memory.subarray(0, size),
  };
}

type RawFile = Pick<Upload, "contentLength" | "stream" | "maxBytes">;

/** @throws {AppError} PAYLOAD_TOO_LARGE as soon as the limit is exceeded; else what the stream throws */
export async function readRaw({ contentLength, stream, maxBytes }: RawFile): Promise<Buffer<ArrayBuffer>> {
  if (contentLength > maxBytes) throw tooLarge(maxBytes);
  const buffer = createByteBuffer(contentLength, maxBytes);
  for await (const chunk of atMost(stream, maxBytes, maxBytes)) buffer.add(chunk);
  return buffer.bytes();
}

async function readForm(type: string, { contentLength, field, stream, maxBytes }: Upload): Promise<UploadedFile> {
  const invalid = (message: string, cause?: unknown) => new AppError("VALIDATION_FAILED", message, { cause });
  // Loaded on first use, since counting a visit must not wait for it.
  const {
    default: { Busboy },
  } = await import("@fastify/busboy");
  let form: InstanceType<typeof Busboy>;
  try {
    form = new Busboy({
      headers: { "content-type": type },
      limits: { fileSize: maxBytes, parts: MAX_PARTS, fieldSize: 4_096 },
    });
  } catch (cause) {
    throw invalid(
      "The Content-Type multipart/form-data must have a boundary, received none: let your client library set it.",
      cause,
    );
  }
  const files: UploadedFile[] = [];
  let fileCount = 0;
  let truncated = false;
  let receivedInstead = "none: add one";
  form.once("partsLimit", () => {
    receivedInstead = `none in its first ${MAX_PARTS} parts: put it first`;
  });
  form.on("field", (name) => {
    if (name === field) receivedInstead = `text: with curl write ${field}=@photo.jpg, with an @`;
  });
  form.on("file", (name, file, filename) => {
    // The form reports an incomplete file as its own error; without this listener the process would end as well.
    file.on("error", () => undefined);
    if (name !== field) receivedInstead = `one in ${JSON.stringify(shorten(String(name)))}: rename the field`;
    if (name !== field || fileCount++ > 0) {
      file.resume();
      return;
    }
    const buffer = createByteBuffer(contentLength, maxBytes);
    file.on("data", buffer.add);
    file.once("limit", () => {
      truncated = true;
    });
    // Browsers escape a quotation mark like this: https://html.spec.whatwg.org/#multipart-form-data
    file.once("end", () => files.push({ bytes: buffer.bytes(), filename: filename?.replaceAll("%22", '"') }));
  });
  try {
    await pipeline(Readable.from(atMost(stream, maxBytes + FORM_OVERHEAD, maxBytes)), form);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw invalid(
      "The form must be complete and well-formed, received malformed or missing parts: send it again.",
      cause,
    );
  }
  if (truncated) throw tooLarge(maxBytes);
  if (fileCount > 1)
    throw invalid(
      `The form must have one file in its field "${field}", received ${fileCount}: send one in each request.`,
    );
  const [file] = files;
  if (!file) throw invalid(`The form must have a file in its field "${field}", received ${receivedInstead}.`);
  return file;
}

/** curl -d sends this type, and removes the line ends of a file. */
const typeAdvice = (type: string) =>
  /^application\/x-www-form-urlencoded/i.test(type)
    ? "with curl use -F file=@photo.jpg, or --data-binary @photo.jpg with -H Content-Type:image/jpeg"
    : "send the image as one of them";

/**
 * @throws {AppError} PAYLOAD_TOO_LARGE as soon as the limit is exceeded, UNSUPPORTED_MEDIA_TYPE when the body is neither
 *   a form nor an image, or is compressed, VALIDATION_FAILED for a malformed form or an incomplete or slow body
 */
export async function readFile(upload: Upload): Promise<UploadedFile> {
  const { contentLength, headers, maxBytes } = upload;
  rejectContentEncoding(headers);
  const type = headers.get("content-type") ?? "";
  if (!/^(?:multipart\/form-data|image\/[\w.+-]+|application\/octet-stream)\s*(?:;|$)/i.test(type))
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `The body must be multipart/form-data or image/*, received ${type ? `"${shorten(type)}"` : "no Content-Type"}: ${typeAdvice(type)}.`,
    );
  if (contentLength > maxBytes + FORM_OVERHEAD) throw tooLarge(maxBytes);
  const stream = beforeDeadline(upload.stream, upload.maxMs);
  if (/^multipart/i.test(type)) return readForm(type, { ...upload, stream });
  try {
    return { bytes: await readRaw({ contentLength, stream, maxBytes }) };
  } catch (cause) {
    throw cause instanceof AppError ? cause : bodyEndedEarly(cause);
  }
}
