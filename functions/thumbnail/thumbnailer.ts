// Creates the thumbnail of an image and updates its record: once per version of the original, for any number of events.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { eventPatience } from "../lib/gate.ts";
import { type ImageRecords, originalBlobName, thumbnailBlobName } from "../lib/image.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import type { OpenImage } from "../lib/sharp.ts";
import { renderThumbnail } from "./render.ts";

type Outcome = "created" | "up-to-date" | "failed" | "not-found";
export type Thumbnailer = {
  /**
   * @returns what was done, for the log; `failed` when the same bytes could not be rendered for the second time
   * @throws {AppError} DEPENDENCY_UNAVAILABLE when a store fails, or the image cannot be decoded now; the caller should try again
   * @throws {Error} when the bytes could not be rendered for the first time; the caller should try again
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
  async function create(owner: string, id: string, log: Pick<Log, "warn">): Promise<Outcome | "not-rendered"> {
    const thumbnailName = thumbnailBlobName({ owner, id });
    const record = await records.find(owner, id);
    if (!record) {
      await thumbnails.remove(thumbnailName);
      return "not-found";
    }
    const originalName = originalBlobName(record);
    const isFinal = record.status === "ready" || (record.status === "failed" && !record.retryAt);
    if (isFinal && record.sourceEtag && record.sourceEtag === (await originals.etag(originalName))) return "up-to-date";
    const original = await originals.read(originalName);
    if (!original) return "not-found";

    // A store error is thrown, so that the event is delivered again. An image can also look unusable because of what
    // else runs in this instance: it is `failed` only when the same bytes fail again while nothing else is decoded.
    const isSecondRender = !isFinal && record.sourceEtag === original.etag;
    const work = (open: OpenImage) => renderThumbnail(original.bytes, open);
    const render = decoder.decode(original.bytes, eventPatience, work, { isAlone: isSecondRender });
    const rendered = await render.catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === "UNPROCESSABLE_IMAGE")) throw error;
      log.warn("thumbnail-not-rendered", { image: id, is_final: isSecondRender, error });
      return undefined;
    });
    if (rendered)
      await thumbnails.write(thumbnailName, {
        bytes: rendered.bytes,
        contentType: "image/webp",
        cacheControl: "private, max-age=31536000, immutable",
      });
    const changed = await records.change(owner, id, (current) => {
      const sourceEtag = original.etag;
      if (rendered) {
        const { bytes: _bytes, ...thumbnail } = rendered;
        return { status: "ready", sourceEtag, thumbnail, attempts: undefined, retryAt: undefined };
      }
      if (current.status === "ready" && current.sourceEtag === sourceEtag) return undefined;
      if (isSecondRender) return { status: "failed", sourceEtag, reason: REASON, retryAt: undefined };
      return { status: current.status === "uploading" ? "uploading" : "pending", sourceEtag };
    });
    if (changed && rendered) return "created";
    if (changed) return isSecondRender ? "failed" : "not-rendered";
    // The image was deleted meanwhile: remove the orphaned thumbnail.
    await thumbnails.remove(thumbnailName);
    return "not-found";
  }

  return {
    async create(...args) {
      const startedAt = performance.now();
      let outcome: Outcome | "not-rendered" | "store-failed" = "store-failed";
      try {
        outcome = await create(...args);
        if (outcome === "not-rendered") throw new Error("The thumbnail was not rendered: the next attempt decides.");
        return outcome;
      } finally {
        meter.measure("thumbnail_duration", performance.now() - startedAt, { outcome });
      }
    },
  };
}
