// The only way for an image to enter the library: validated from its bytes, then stored in an order that survives a crash.
import { randomUUIDv7 } from "node:crypto";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { hasStillImage, isAnimatedAvif, isCompleteAvif } from "../lib/decode/avif-boxes.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import { isCompleteGif } from "../lib/decode/gif-blocks.ts";
import { AppError } from "../lib/errors.ts";
import { requestPatience } from "../lib/gate.ts";
import { type ImageRecord, type ImageRecords, originalBlobName, reprocessed, tagsOf } from "../lib/image.ts";
import type { Meter } from "../lib/meter.ts";
import { expiryOf, retentionOfTier, type Tier } from "../lib/retention.ts";
import { type Duplicates, duplicateKey } from "./duplicates.ts";
import { convertedFileName, safeFileName } from "./file-name.ts";
import { contentTypes, formatOf, type ImageFormat, imageFormats } from "./image-format.ts";
import { type OptimisedImage, optimise, TRIAL_EDGE } from "./optimise.ts";
import type { OptimiseOptions } from "./optimise-plan.ts";
import { LINE_ENDS_ADVICE, lacksLineEnds, otherFormatOf } from "./other-formats.ts";

/** `unchanged` stores the bytes as they are, with their metadata. */
export type UploadOptions = OptimiseOptions | "unchanged";

export type AcceptedImage = {
  readonly record: ImageRecord;
  /** False when the same bytes were uploaded before: the record is that image's. */
  readonly isNew: boolean;
};

export type Intake = {
  /** Maximum size of an image in bytes. */
  readonly maxBytes: number;
  /**
   * Validates, optimises and stores an image, once however often it is uploaded.
   * @param upload its options are `high` quality in the same format by default
   * @returns its record: `pending`, or `ready` if the thumbnail was created first
   * @throws {AppError} VALIDATION_FAILED for an empty body, UNSUPPORTED_MEDIA_TYPE for another format,
   *   UNPROCESSABLE_IMAGE for an image that is corrupt, exceeds a limit or cannot be optimised, DEPENDENCY_UNAVAILABLE
   *   when too many images wait to be decoded; nothing is stored then. DEPENDENCY_UNAVAILABLE when a store fails; the
   *   reconcile timer finishes or removes the upload.
   */
  accept(upload: {
    owner: string;
    filename: string | undefined;
    bytes: Uint8Array;
    options?: UploadOptions;
    /** Where the image was imported from. */
    source?: string;
    /** Of the owner. Without one, the image is kept. */
    tier?: Tier | undefined;
  }): Promise<AcceptedImage>;
};

type Options = {
  readonly originals: BlobContainer;
  readonly records: ImageRecords;
  readonly duplicates: Pick<Duplicates, "find" | "claim">;
  readonly decoder: Decoder;
  readonly meter: Meter;
  readonly maxBytes: number;
};

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

/** Names what changes the stored bytes, so that options without an effect make no second image. */
function optionsKey(format: ImageFormat, options: UploadOptions): string {
  if (options === "unchanged") return options;
  const stored = options.format ?? format;
  return stored === "png" || stored === "gif" ? stored : `${stored}-${options.quality}`;
}

export function createIntake({ originals, records, duplicates, decoder, meter, maxBytes }: Options): Intake {
  /** @returns what to store, of an image that can be decoded completely */
  async function decode(bytes: Uint8Array, format: ImageFormat, options: UploadOptions): Promise<OptimisedImage> {
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
    const checkFrames = () => {
      // The decoder reads only the first frame.
      if ((format === "gif" && !isCompleteGif(bytes)) || (isAnimation && !isCompleteAvif(bytes))) throw corrupt();
    };
    const decoded =
      options === "unchanged"
        ? decoder.decode(bytes, requestPatience, async (open, size) => {
            checkFrames();
            // Only a decode of the whole image shows that it is complete.
            await open(bytes).resize(TRIAL_EDGE, TRIAL_EDGE, { fit: "inside" }).raw().toBuffer();
            return { bytes, format, ...size };
          })
        : optimise(bytes, { decoder, format, options, checkFrames });
    return decoded.catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === "UNPROCESSABLE_IMAGE")) throw error;
      // An image above a limit has no cause. Without line ends it can look like one, and is damaged all the same.
      throw error.cause !== undefined || lacksLineEnds(bytes) ? corrupt(error.cause) : error;
    });
  }

  /**
   * Removes the record of an upload that is another image. Should it have been given away while the response to its claim
   * was lost, it may no longer be `uploading`, and stays.
   */
  async function discard({ owner, id }: ImageRecord): Promise<void> {
    const current = await records.changeStored(owner, id, () => undefined);
    if (current?.record.status === "uploading") await records.remove(owner, id, current.etag);
  }

  const hasOriginal = async (record: ImageRecord) => (await originals.etag(originalBlobName(record))) !== undefined;

  /**
   * Stores the original of a record; several equal uploads can do this for the same record. An acknowledged image can have
   * lost its original, for example when the account was restored to an earlier time: it gets it back, and is processed again.
   */
  async function store(record: ImageRecord, bytes: Uint8Array): Promise<ImageRecord> {
    const { owner, id } = record;
    const isLost = record.status !== "uploading" && !(await hasOriginal(record));
    const blob = {
      bytes,
      contentType: record.contentType,
      // The holder of a link may cache the image; shared caches may not.
      cacheControl: "private, max-age=31536000, immutable",
      metadata: { image: id },
      tags: tagsOf(record),
    };
    if (record.status === "uploading" || isLost)
      await originals.write(originalBlobName(record), blob, { once: true }).catch((cause: unknown) => {
        // Written by an earlier attempt whose response was lost, or by an equal upload.
        if (!(cause instanceof AppError && cause.code === "CONFLICT")) throw cause;
      });
    const stored = await records.change(owner, id, ({ status }) =>
      status === "uploading" ? { status: "pending" } : isLost ? { ...reprocessed, size: bytes.byteLength } : undefined,
    );
    if (stored) return stored;
    // The image was deleted, or the reconcile timer removed the record, for example after the instance was suspended for
    // minutes. The table has confirmed it, and no record gets this id again: no other upload needs the original.
    await originals.remove(originalBlobName(record));
    throw new AppError("DEPENDENCY_UNAVAILABLE", "The image record was removed during the upload", { retryAfter: 5 });
  }

  return {
    maxBytes,
    async accept({ owner, filename, bytes, options = { quality: "high" }, source, tier }) {
      const format = validateFormat(bytes);
      const uploadKey = duplicateKey(bytes, optionsKey(format, options));
      const earlier = await duplicates.find(owner, uploadKey);
      if (earlier && (await hasOriginal(earlier))) return { record: earlier, isNew: false };
      const image = await decode(bytes, format, options);
      const createdAt = new Date().toISOString();
      const retention = retentionOfTier(tier);
      const nameOf = image.format === format ? safeFileName : convertedFileName;
      const own = {
        id: randomUUIDv7(),
        owner,
        filename: nameOf(filename, image.format),
        contentType: contentTypes[image.format],
        size: image.bytes.byteLength,
        width: image.width,
        height: image.height,
        metadata: options === "unchanged" ? "kept" : "removed",
        uploadKey,
        status: "uploading",
        createdAt,
        retention,
        retentionFrom: "tier",
        expiresAt: expiryOf(createdAt, retention),
        ...(source !== undefined && { source }),
      } as const;
      // In an order that survives a crash at any step: the record, its claim, the original, the record.
      await records.create(own);
      const claimed = await duplicates.claim(own);
      const isNew = claimed.id === own.id;
      // If it fails, the timer does it.
      if (!isNew) await discard(own).catch(() => undefined);
      const stored = await store(claimed, image.bytes);
      if (isNew) meter.measure("uploads", 1, { format: image.format });
      return { record: stored, isNew };
    },
  };
}
