// The only way for an image to enter the library: validated from its bytes, then stored in an order that survives a crash.
import { randomUUIDv7 } from "node:crypto";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { hasStillImage, isAnimatedAvif, isCompleteAvif } from "../lib/decode/avif-boxes.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import { isCompleteGif } from "../lib/decode/gif-blocks.ts";
import { AppError } from "../lib/errors.ts";
import { requestPatience } from "../lib/gate.ts";
import { type ImageRecord, type ImageRecords, originalBlobName } from "../lib/image.ts";
import type { Meter } from "../lib/meter.ts";
import { safeFileName } from "./file-name.ts";
import { contentTypes, formatOf, type ImageFormat, imageFormats } from "./image-format.ts";
import { LINE_ENDS_ADVICE, lacksLineEnds, otherFormatOf } from "./other-formats.ts";

export type Intake = {
  /** Maximum size of an image in bytes. */
  readonly maxBytes: number;
  /**
   * Validates and stores an image.
   * @returns its record: `pending`, or `ready` if the thumbnail was created first
   * @throws {AppError} VALIDATION_FAILED for an empty body, UNSUPPORTED_MEDIA_TYPE for another format,
   *   UNPROCESSABLE_IMAGE for an image that is corrupt or exceeds a limit, DEPENDENCY_UNAVAILABLE when too many images
   *   wait to be decoded; nothing is stored then. DEPENDENCY_UNAVAILABLE when a store fails; the reconcile timer
   *   finishes or removes the upload.
   */
  accept(upload: {
    owner: string;
    filename: string | undefined;
    bytes: Uint8Array;
    /** Where the image was imported from. */
    source?: string;
  }): Promise<ImageRecord>;
};

type Options = {
  readonly originals: BlobContainer;
  readonly records: ImageRecords;
  readonly decoder: Decoder;
  readonly meter: Meter;
  readonly maxBytes: number;
};

/** Edge in pixels of the trial decode. Small, so that decoders can scale while they decode. */
const TRIAL_EDGE = 32;

function describeOtherFormat(bytes: Uint8Array): string {
  const rule = `An image must be one of ${imageFormats.join(", ")}`;
  const other = otherFormatOf(bytes);
  if (other) return `${rule}, received ${other.name}: ${other.advice}.`;
  if (lacksLineEnds(bytes)) return `${rule}, received a damaged file: ${LINE_ENDS_ADVICE}.`;
  return `${rule}, received bytes of another format: convert the image.`;
}

function validateFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.byteLength === 0) throw new AppError("VALIDATION_FAILED", "The image is empty: send its bytes.");
  const format = formatOf(bytes);
  if (!format) throw new AppError("UNSUPPORTED_MEDIA_TYPE", describeOtherFormat(bytes));
  return format;
}

export function createIntake({ originals, records, decoder, meter, maxBytes }: Options): Intake {
  /** @returns width and height as displayed, of an image that can be decoded completely */
  async function validatePixels(bytes: Uint8Array, format: ImageFormat) {
    const isAnimation = format === "avif" && isAnimatedAvif(bytes);
    if (isAnimation && !hasStillImage(bytes))
      throw new AppError(
        "UNPROCESSABLE_IMAGE",
        "An animated AVIF must contain its first frame as a still image, and this one does not: save it as a still AVIF.",
      );
    const corrupt = (cause?: unknown) => {
      const advice = lacksLineEnds(bytes) ? LINE_ENDS_ADVICE : "send the complete file";
      return new AppError("UNPROCESSABLE_IMAGE", `The ${format} is corrupt or truncated: ${advice}.`, { cause });
    };
    const trial = decoder.decode(bytes, requestPatience, async (open, size) => {
      // The decoder reads only the first frame.
      if ((format === "gif" && !isCompleteGif(bytes)) || (isAnimation && !isCompleteAvif(bytes))) throw corrupt();
      // Only a decode of the whole image shows that it is complete.
      await open(bytes).resize(TRIAL_EDGE, TRIAL_EDGE, { fit: "inside" }).raw().toBuffer();
      return size;
    });
    return trial.catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === "UNPROCESSABLE_IMAGE")) throw error;
      // An image above a limit has no cause. Without line ends it can look like one, and is damaged all the same.
      throw error.cause !== undefined || lacksLineEnds(bytes) ? corrupt(error.cause) : error;
    });
  }

  return {
    maxBytes,
    async accept({ owner, filename, bytes, source }) {
      const format = validateFormat(bytes);
      const dimensions = await validatePixels(bytes, format);
      const record: ImageRecord = {
        id: randomUUIDv7(),
        owner,
        filename: safeFileName(filename, format),
        contentType: contentTypes[format],
        size: bytes.byteLength,
        ...dimensions,
        status: "uploading",
        createdAt: new Date().toISOString(),
        ...(source !== undefined && { source }),
      };
      await records.create(record);
      const blob = {
        bytes,
        contentType: record.contentType,
        // The holder of a link may cache the image; shared caches may not.
        cacheControl: "private, max-age=31536000, immutable",
        metadata: { image: record.id },
      };
      await originals.write(originalBlobName(record), blob, { once: true }).catch((cause: unknown) => {
        // Ids are unique: an existing blob was written by an earlier attempt whose response was lost.
        if (!(cause instanceof AppError && cause.code === "CONFLICT")) throw cause;
      });
      const stored = await records.change(owner, record.id, ({ status }) =>
        status === "uploading" ? { status: "pending" } : undefined,
      );
      if (stored) {
        meter.measure("uploads", 1, { format });
        return stored;
      }
      // The reconcile timer removed the record, for example after the instance was suspended for minutes. The table has
      // confirmed it, so the original, which must not remain without a record, is removed too.
      await originals.remove(originalBlobName(record));
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The image record was removed during the upload", {
        retryAfter: 5,
      });
    },
  };
}
