// Creates the thumbnail of an image and updates its record: once per version of the original, for any number of events.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { Decoder } from "../lib/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { eventPatience } from "../lib/gate.ts";
import { type ImageRecord, type ImageRecords, originalBlobName, thumbnailBlobName } from "../lib/image.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { renderThumbnail } from "./render.ts";

type Outcome = "created" | "up-to-date" | "failed" | "not-found";
export type Thumbnailer = {
  /**
   * @returns what was done, for the log
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when a store fails, or the image cannot be decoded now; the caller should try again
   */
  create(owner: string, id: string, log: Pick<Log, "warn">): Promise<Outcome>;
};

type Options = {
  readonly originals: BlobContainer;
  readonly thumbnails: BlobContainer;
  readonly records: Pick<ImageRecords, "find" | "change">;
  readonly decoder: Decoder;
  readonly meter: Meter;
};

const REASON = "The image could not be read: it is corrupt or cannot be resized.";

export function createThumbnailer({ originals, thumbnails, records, decoder, meter }: Options): Thumbnailer {
  async function create(owner: string, id: string, log: Pick<Log, "warn">): Promise<Outcome> {
    const thumbnailName = thumbnailBlobName({ owner, id });
    const record = await records.find(owner, id);
    if (!record) {
      await thumbnails.remove(thumbnailName);
      return "not-found";
    }
    const originalName = originalBlobName(record);
    const isFinal = record.status === "ready" || record.status === "failed";
    if (isFinal && record.sourceEtag && record.sourceEtag === (await originals.etag(originalName))) return "up-to-date";
    const original = await originals.read(originalName);
    if (!original) return "not-found";

    // Only an unusable image becomes `failed`. Any other error is thrown, so that the event is delivered again.
    const render = decoder.decode(original.bytes, eventPatience, (open) => renderThumbnail(original.bytes, open));
    const rendered = await render.catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === "UNPROCESSABLE_IMAGE")) throw error;
      log.warn("thumbnail-not-rendered", { image: id, error });
      return undefined;
    });
    let changes: Partial<ImageRecord> = { status: "failed", sourceEtag: original.etag, reason: REASON };
    if (rendered) {
      const { bytes, ...thumbnail } = rendered;
      await thumbnails.write(thumbnailName, {
        bytes,
        contentType: "image/webp",
        cacheControl: "private, max-age=31536000, immutable",
      });
      changes = { status: "ready", sourceEtag: original.etag, thumbnail };
    }
    if (await records.change(owner, id, () => changes)) return rendered ? "created" : "failed";
    // The image was deleted meanwhile: remove the orphaned thumbnail.
    await thumbnails.remove(thumbnailName);
    return "not-found";
  }

  return {
    async create(...args) {
      const startedAt = performance.now();
      let outcome: Outcome | "store-failed" = "store-failed";
      try {
        outcome = await create(...args);
        return outcome;
      } finally {
        meter.measure("thumbnail_duration", performance.now() - startedAt, { outcome });
      }
    },
  };
}
