// The only door through which a picture enters: judged by its bytes, then stored so that a crash leaves nothing half done.
import { randomUUIDv7 } from "node:crypto";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import type { Meter } from "../lib/meter.ts";
import type { OpenImage } from "../lib/sharp.ts";
import { safeFileName } from "./file-name.ts";
import { gifIsWhole } from "./gif-blocks.ts";
import { contentTypes, disguiseOf, formatOf, type ImageFormat, imageFormats } from "./image-format.ts";
import type { ImageRecords } from "./image-records.ts";
import { type ImageRecord, originalName } from "./schemas.ts";

export type Intake = {
  /** Bytes that a picture may have. */
  readonly maxBytes: number;
  /**
   * Judges and stores a picture; its record is then `pending`, or `ready` when the thumbnail was quicker.
   * @throws {AppError} VALIDATION_FAILED without bytes, UNSUPPORTED_MEDIA_TYPE for what is no accepted picture,
   *   UNPROCESSABLE_IMAGE for one that is broken, too large in pixels or also something else; nothing is stored then.
   *   DEPENDENCY_UNAVAILABLE when a store fails: what was begun is mended or removed by the timer.
   */
  accept(picture: { owner: string; filename: string | undefined; bytes: Uint8Array }): Promise<ImageRecord>;
};

type Options = {
  readonly originals: BlobContainer;
  readonly records: ImageRecords;
  readonly openImage: () => Promise<OpenImage>;
  readonly meter: Meter;
  readonly maxBytes: number;
  readonly maxPixels: number;
};

/** Edge of the picture that is decoded to see whether it can be; small, so that decoders may take their short cuts. */
const PROBE = 32;

export function createIntake({ originals, records, openImage, meter, maxBytes, maxPixels }: Options): Intake {
  function kindOf(bytes: Uint8Array): ImageFormat {
    if (bytes.byteLength === 0) throw new AppError("VALIDATION_FAILED", "The picture is empty: send its bytes.");
    const format = formatOf(bytes);
    if (!format)
      throw new AppError(
        "UNSUPPORTED_MEDIA_TYPE",
        `The bytes are none of ${imageFormats.join(", ")}: convert the picture to one of them.`,
      );
    const disguise = disguiseOf(bytes);
    if (disguise)
      throw new AppError("UNPROCESSABLE_IMAGE", `The picture also holds ${disguise}: save it anew without that.`);
    return format;
  }

  async function measure(bytes: Uint8Array, format: ImageFormat) {
    const open = await openImage();
    const broken = (cause: unknown) =>
      new AppError("UNPROCESSABLE_IMAGE", `The ${format} is broken or cut off: send the whole file.`, { cause });
    const header = await open(bytes, { limitInputPixels: false })
      .metadata()
      .catch((cause: unknown) => {
        throw broken(cause);
      });
    const { width, height } = header.autoOrient;
    if (width * height > maxPixels)
      throw new AppError(
        "UNPROCESSABLE_IMAGE",
        `A picture has at most ${maxPixels} pixels, this one has ${width} x ${height}: make it smaller.`,
      );
    if (format === "gif" && !gifIsWhole(bytes)) throw broken(undefined);
    // Only decoding all of it shows that it is whole.
    await open(bytes)
      .resize(PROBE, PROBE, { fit: "inside" })
      .raw()
      .toBuffer()
      .catch((cause: unknown) => {
        throw broken(cause);
      });
    return { width, height };
  }

  return {
    maxBytes,
    async accept({ owner, filename, bytes }) {
      const format = kindOf(bytes);
      const size = await measure(bytes, format);
      const record: ImageRecord = {
        id: randomUUIDv7(),
        owner,
        filename: safeFileName(filename, format),
        contentType: contentTypes[format],
        size: bytes.byteLength,
        ...size,
        status: "uploading",
        createdAt: new Date().toISOString(),
      };
      await records.create(record);
      const blob = {
        bytes,
        contentType: record.contentType,
        // A link's holder may keep it; nobody in between may.
        cacheControl: "private, max-age=31536000, immutable",
        metadata: { image: record.id },
      };
      await originals.write(originalName(record), blob, { once: true }).catch((cause: unknown) => {
        // Ids are never used twice: the blob is our own, written by an attempt whose answer was lost.
        if (!(cause instanceof AppError && cause.code === "CONFLICT")) throw cause;
      });
      const stored = await records.change(owner, record.id, ({ status }) =>
        status === "uploading" ? { status: "pending" } : undefined,
      );
      if (stored) {
        meter.measure("uploads", 1, { format });
        return stored;
      }
      // The timer took the upload for dead, as after minutes of suspension: what has no record must not stay.
      await originals.remove(originalName(record));
      throw new AppError("DEPENDENCY_UNAVAILABLE", "The record was removed while its picture was stored", {
        retryAfter: 5,
      });
    },
  };
}
