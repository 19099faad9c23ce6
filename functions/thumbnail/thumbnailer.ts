// Makes the thumbnail of an image and tells its record: once per version of the original, whatever events come.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/meter.ts";
import { THUMBNAIL_FILE } from "../lib/names.ts";
import type { OpenImage } from "../lib/sharp.ts";
import { renderThumbnail } from "./render.ts";

/** What of an image's record matters here. */
export type ThumbnailedImage = {
  readonly owner: string;
  readonly id: string;
  readonly filename: string;
  readonly status: "uploading" | "pending" | "ready" | "failed";
  readonly sourceEtag?: string | undefined;
};
type Outcome =
  | { status: "ready"; sourceEtag: string; thumbnail: { width: number; height: number; size: number } }
  | { status: "failed"; sourceEtag: string; reason: string };
export type ThumbnailRecords = {
  find(owner: string, id: string): Promise<ThumbnailedImage | undefined>;
  change(
    owner: string,
    id: string,
    change: (record: ThumbnailedImage) => Outcome | undefined,
  ): Promise<ThumbnailedImage | undefined>;
};

type Found = "made" | "stood already" | "failed" | "image is gone";
type Make = (owner: string, id: string, log: Pick<Log, "warn">) => Promise<Found>;
export type Thumbnailer = {
  /** @returns what was found and done, for the log. Throws DEPENDENCY_UNAVAILABLE: then trying again makes sense. */
  readonly make: Make;
};

type Options = {
  readonly originals: BlobContainer;
  readonly thumbnails: BlobContainer;
  readonly records: ThumbnailRecords;
  readonly openImage: () => Promise<OpenImage>;
  readonly meter: Meter;
};

const REASON = "The picture could not be read: it is broken, or of a kind that cannot be made smaller.";

export function createThumbnailer({ originals, thumbnails, records, openImage, meter }: Options): Thumbnailer {
  const make: Make = async (owner, id, log) => {
    const record = await records.find(owner, id);
    const name = `${owner}/${id}/${THUMBNAIL_FILE}`;
    if (!record) {
      await thumbnails.remove(name);
      return "image is gone";
    }
    const blob = `${owner}/${id}/${record.filename}`;
    const done = record.status === "ready" || record.status === "failed";
    if (done && record.sourceEtag && record.sourceEtag === (await originals.etag(blob))) return "stood already";
    const original = await originals.read(blob);
    if (!original) return "image is gone";

    const open = await openImage();
    // A store that fails is another matter than a picture that cannot be read: it throws, and the event comes again.
    const rendered = await renderThumbnail(original.bytes, open).catch((error: unknown) => {
      log.warn("thumbnail-not-rendered", { image: id, error });
      return undefined;
    });
    let outcome: Outcome = { status: "failed", sourceEtag: original.etag, reason: REASON };
    if (rendered) {
      const { bytes, ...thumbnail } = rendered;
      await thumbnails.write(name, {
        bytes,
        contentType: "image/webp",
        cacheControl: "private, max-age=31536000, immutable",
      });
      outcome = { status: "ready", sourceEtag: original.etag, thumbnail };
    }
    const changed = await records.change(owner, id, () => outcome);
    if (!changed) {
      // Deleted while we worked: what we have just written would belong to nobody.
      await thumbnails.remove(name);
      return "image is gone";
    }
    return outcome.status === "ready" ? "made" : "failed";
  };

  return {
    async make(...given) {
      const started = performance.now();
      let outcome: Found | "store failed" = "store failed";
      try {
        outcome = await make(...given);
        return outcome;
      } finally {
        meter.measure("thumbnail_duration", performance.now() - started, { outcome });
      }
    },
  };
}
