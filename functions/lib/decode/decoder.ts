// The only way to decode or encode an image: bounded before libvips sees it, weighed, and admitted by one gate of the process.
import { AppError, asAppError } from "../errors.ts";
import type { Gate, Patience, RunOptions } from "../gate.ts";
import { createHeavyWork } from "../heavy-work.ts";
import { loadSharp, type OpenImage } from "../sharp.ts";
import { largestPartPixels } from "./avif-boxes.ts";
import { decodeWeight, type ImageHeader, MAX_EDGE, pixelLimit } from "./decode-weight.ts";
import { readJpegScans } from "./jpeg-scans.ts";
import { inflatedTextBytes } from "./png-text.ts";

export type DecodeOptions = RunOptions & {
  /** Bytes that the work takes in addition to a decode to a small size. */
  readonly extraWeight?: (header: ImageHeader) => number;
  /** Milliseconds for the header and the work. @default 30,000 */
  readonly timeLimitMs?: number;
};

export type Decoder = {
  /**
   * @param work decodes the image; its size is as displayed, the header as stored
   * @throws {AppError} UNPROCESSABLE_IMAGE when the image is corrupt or exceeds a limit;
   *   DEPENDENCY_UNAVAILABLE when the decode has to wait or lasts too long, or memory runs out: try again;
   *   INTERNAL for a defect in the app
   */
  decode<T>(
    bytes: Uint8Array,
    patience: Patience,
    work: (
      open: OpenImage,
      size: { readonly width: number; readonly height: number },
      header: ImageHeader,
    ) => Promise<T>,
    options?: DecodeOptions,
  ): Promise<T>;
  /**
   * Runs work on pixels that were decoded before. It takes one place of the decodes, so that both together leave threads
   * to the rest of the process.
   * @param weight bytes of memory that the work takes
   * @throws {AppError} as `decode`
   */
  process<T>(weight: number, patience: Patience, work: (open: OpenImage) => Promise<T>): Promise<T>;
};

/** Bytes to check the structure and read the header. */
const HEADER_WEIGHT = 64_000_000;
/** Cameras write ten scans. */
const MAX_SCANS = 100;
/** libpng's limit for one text; this is for all texts of an image. */
const MAX_TEXT_BYTES = 8_000_000;
/** Milliseconds for the header and the pixels of one image. */
export const TIME_LIMIT_MS = 30_000;
const RETRY_AFTER_S = 10;

const unprocessable = (message: string, cause?: unknown) => new AppError("UNPROCESSABLE_IMAGE", message, { cause });

/** libvips' messages when the instance has too little memory; a limit of a library is a property of the image. */
const isOurFailure = (error: unknown) =>
  /out of memory|(?:unable|failed|cannot) to allocate|memory allocation|cannot allocate/i.test(String(error)) &&
  !/limit/i.test(String(error));

/** libvips throws plain errors. These come from a defect in the app, which the client must not read as its own. */
const isDefect = (error: unknown) =>
  error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;

/** An error of libvips as the reason for the client. */
function asDecodeError(error: unknown): AppError {
  if (error instanceof AppError || isDefect(error)) return asAppError(error);
  if (isOurFailure(error))
    return new AppError("DEPENDENCY_UNAVAILABLE", "An image could not be decoded for lack of memory", {
      cause: error,
      retryAfter: RETRY_AFTER_S,
    });
  return unprocessable("The image is corrupt or truncated: send the complete file.", error);
}

/**
 * Checks what libvips does not bound, by one pass over the bytes.
 * @returns whether the decoder of a JPEG holds all coefficients
 */
async function checkStructure(bytes: Uint8Array): Promise<boolean> {
  if (bytes[0] === 0x89 && (await inflatedTextBytes(bytes, MAX_TEXT_BYTES)) > MAX_TEXT_BYTES)
    throw unprocessable(
      `The compressed texts and colour profile of a PNG may have at most ${MAX_TEXT_BYTES} bytes when inflated, and these have more: save the image without them.`,
    );
  if (bytes[0] !== 0xff) return false;
  const { scans, isBuffered, isUnsupported } = readJpegScans(bytes);
  if (isUnsupported)
    throw unprocessable(
      "A JPEG must be baseline or progressive with Huffman coding, and this one is neither: save it again.",
    );
  if (scans > MAX_SCANS)
    throw unprocessable(`A JPEG may have at most ${MAX_SCANS} scans, and this one has ${scans}: save it again.`);
  return isBuffered;
}

function checkSize(bytes: Uint8Array, { format, width, height }: ImageHeader, maxPixels: number): void {
  const limit = pixelLimit(format, maxPixels);
  if (width * height > limit)
    throw unprocessable(
      `${format === "heif" ? "An AVIF" : "An image"} may have at most ${limit} pixels, and this one has ${width} x ${height}: make it smaller.`,
    );
  if (format === "heif" && largestPartPixels(bytes) > limit)
    throw unprocessable(
      `Each part of an AVIF may have at most ${limit} pixels, and one of this image has more: save it again.`,
    );
  if (Math.max(width, height) > MAX_EDGE)
    throw unprocessable(
      `An image may be at most ${MAX_EDGE} pixels wide or high, and this one has ${width} x ${height}: make it smaller.`,
    );
}

type Options = {
  readonly maxPixels: number;
  /** @default one that nothing else shares */
  readonly gate?: Gate;
  readonly timeLimitMs?: number;
};

/** One for the process: two of them would admit twice as much. */
export function createDecoder({
  maxPixels,
  gate = createHeavyWork().decodes,
  timeLimitMs = TIME_LIMIT_MS,
}: Options): Decoder {
  /**
   * libvips cannot be interrupted while a decoder reads, so the caller stops waiting and the gate does not: the weight is
   * held until the memory is free. The limits above bound how long that takes.
   * @param endsAt by `performance.now()`, when the caller stops waiting at the latest
   */
  function runLimited<T>(
    {
      weight,
      patience,
      endsAt,
      limitMs: longest,
    }: Readonly<Record<"weight" | "endsAt" | "limitMs", number>> & {
      readonly patience: Patience;
    },
    work: () => Promise<T>,
    options?: RunOptions,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const limited = async () => {
      const limitMs = Math.min(longest, Math.max(0, endsAt - performance.now()));
      const timer = setTimeout(() => {
        const message = `A decode lasted longer than ${longest} ms`;
        reject(new AppError("DEPENDENCY_UNAVAILABLE", message, { retryAfter: RETRY_AFTER_S }));
      }, limitMs);
      try {
        resolve(await work());
      } finally {
        clearTimeout(timer);
      }
    };
    gate.run(weight, patience, limited, options).catch((error: unknown) => reject(asDecodeError(error)));
    return promise;
  }

  return {
    async decode(bytes, patience, work, options = {}) {
      const { extraWeight = () => 0, timeLimitMs: limitMs = timeLimitMs } = options;
      const open = await loadSharp(maxPixels);
      // One deadline for both entries of the gate: a caller never waits longer than its patience and one time limit.
      const waitsUntil = performance.now() + patience.maxWaitMs;
      const endsAt = waitsUntil + limitMs;
      const readHeader = async () => ({
        isBuffered: await checkStructure(bytes),
        header: await open(bytes, { limitInputPixels: false }).metadata(),
      });
      const headerRun = { weight: HEADER_WEIGHT, patience, endsAt, limitMs };
      const { header, isBuffered } = await runLimited(headerRun, readHeader, options);
      checkSize(bytes, header, maxPixels);
      const { width, height } = header.autoOrient;
      const weight = decodeWeight(header, isBuffered) + extraWeight(header);
      const rest = { ...patience, maxWaitMs: Math.max(0, Math.round(waitsUntil - performance.now())) };
      return runLimited(
        { weight, patience: rest, endsAt, limitMs },
        () => work(open, { width, height }, header),
        options,
      );
    },
    async process(weight, patience, work) {
      const open = await loadSharp(maxPixels);
      const endsAt = performance.now() + patience.maxWaitMs + timeLimitMs;
      return runLimited({ weight, patience, endsAt, limitMs: timeLimitMs }, () => work(open));
    },
  };
}
