// One file out of a request: the field of a multipart form, or the raw body. Read no further than its limit.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../errors.ts";
import { cutOff, refuseEncoded } from "./body.ts";
import { shorten } from "./faults.ts";

type Upload = {
  readonly headers: Headers;
  readonly stream: AsyncIterable<Uint8Array>;
  /** The form's field that holds the file. */
  readonly field: string;
  readonly maxBytes: number;
};
/** The bytes have their memory to themselves. */
export type UploadedFile = { readonly bytes: Buffer<ArrayBuffer>; readonly filename?: string };

/** A form's own lines around the file: boundaries and part headers. */
const FORM_OVERHEAD = 64 * 1024;

const tooLarge = (maxBytes: number) =>
  new AppError("PAYLOAD_TOO_LARGE", `A file has at most ${maxBytes} bytes; this one is longer.`);

/** Passes chunks on until there are too many bytes; the rest is then never asked for. */
async function* atMost(stream: AsyncIterable<Uint8Array>, limit: number, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/**
 * Collects chunks in one piece of memory of its own, of the size that was announced: a list of chunks and their
 * concatenation would hold every upload twice.
 */
function createBin(headers: Headers, maxBytes: number) {
  const length = Number(headers.get("content-length"));
  // A front end should have refused any length that is no natural number; memory is not made on trust.
  const announced = Number.isInteger(length) && length > 0 ? length : FORM_OVERHEAD;
  let memory = Buffer.allocUnsafeSlow(Math.min(announced, maxBytes));
  let size = 0;
  return {
    add(chunk: Uint8Array): void {
      if (size + chunk.byteLength > memory.byteLength) {
        const larger = Buffer.allocUnsafeSlow(Math.max(2 * memory.byteLength, size + chunk.byteLength));
        memory.copy(larger, 0, 0, size);
        memory = larger;
      }
      memory.set(chunk, size);
      size += chunk.byteLength;
    },
    bytes: (): Buffer<ArrayBuffer> => memory.subarray(0, size),
  };
}

async function readForm(type: string, { field, headers, stream, maxBytes }: Upload): Promise<UploadedFile> {
  const wrong = (message: string, cause?: unknown) => new AppError("VALIDATION_FAILED", message, { cause });
  // Loaded on first use: whoever counts a visit should not wait for it.
  const {
    default: { Busboy },
  } = await import("@fastify/busboy");
  let form: InstanceType<typeof Busboy>;
  try {
    form = new Busboy({
      headers: { "content-type": type },
      limits: { fileSize: maxBytes, parts: 20, fieldSize: 4_096 },
    });
  } catch (cause) {
    throw wrong("The Content-Type multipart/form-data must name its boundary.", cause);
  }
  const files: UploadedFile[] = [];
  let seen = 0;
  let truncated = false;
  form.on("file", (name, file, filename) => {
    // The form reports a file that was cut off as its own failure; without a listener here the process would end too.
    file.on("error", () => undefined);
    if (name !== field || seen++ > 0) {
      file.resume();
      return;
    }
    const bin = createBin(headers, maxBytes);
    file.on("data", bin.add);
    file.once("limit", () => {
      truncated = true;
    });
    // Browsers write a quotation mark so: https://html.spec.whatwg.org/#multipart-form-data
    file.once("end", () => files.push({ bytes: bin.bytes(), filename: filename?.replaceAll("%22", '"') }));
  });
  try {
    await pipeline(Readable.from(atMost(stream, maxBytes + FORM_OVERHEAD, maxBytes)), form);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw wrong("The form cannot be read: its parts are malformed or it ended too early.", cause);
  }
  if (truncated) throw tooLarge(maxBytes);
  if (seen > 1) throw wrong(`The form has ${seen} files in its field "${field}": send one in each request.`);
  const [file] = files;
  if (!file) throw wrong(`The form has no file in its field "${field}": put one there.`);
  return file;
}

/**
 * @throws {AppError} PAYLOAD_TOO_LARGE as soon as the limit is passed, UNSUPPORTED_MEDIA_TYPE when the body is neither
 *   a form nor an image, or is compressed, VALIDATION_FAILED for a malformed form or a body that was cut off
 */
export async function readFile(upload: Upload): Promise<UploadedFile> {
  const { headers, stream, maxBytes } = upload;
  refuseEncoded(headers);
  const type = headers.get("content-type") ?? "";
  if (!/^(?:multipart\/form-data|image\/[\w.+-]+|application\/octet-stream)\s*(?:;|$)/i.test(type))
    throw new AppError(
      "UNSUPPORTED_MEDIA_TYPE",
      `The body must be multipart/form-data or image/*, received ${type ? `"${shorten(type)}"` : "no Content-Type"}: send the picture as one of them.`,
    );
  if (Number(headers.get("content-length")) > maxBytes + FORM_OVERHEAD) throw tooLarge(maxBytes);
  if (/^multipart/i.test(type)) return readForm(type, upload);
  const bin = createBin(headers, maxBytes);
  try {
    for await (const chunk of atMost(stream, maxBytes, maxBytes)) bin.add(chunk);
  } catch (cause) {
    throw cause instanceof AppError ? cause : cutOff(cause);
  }
  return { bytes: bin.bytes() };
}
