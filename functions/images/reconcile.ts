// The timer that repairs what crashes and lost events leave behind: unfinished records older than five minutes.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { type ImageRecords, originalBlobName } from "../lib/image.ts";
import type { Log } from "../lib/log.ts";

/** Younger records may belong to an upload or a thumbnail in progress. */
const MIN_AGE_MS = 5 * 60_000;

export type ReconcileDeps = {
  readonly images: ImageRecords;
  readonly originals: BlobContainer;
  readonly thumbnailer: { create(owner: string, id: string, log: Log): Promise<string> };
};

/**
 * Creates the missing thumbnail where the original exists; removes the record where it was never stored.
 * @param runMs milliseconds after which no further image is started; the next run takes the rest
 */
export async function reconcileImages(
  { images, originals, thumbnailer }: ReconcileDeps,
  { log, runMs, now = Date.now() }: { log: Log; runMs: number; now?: number },
): Promise<void> {
  const startedAt = performance.now();
  let unfinished = 0;
  let isCut = false;
  for await (const { record, etag } of images.unfinished(new Date(now - MIN_AGE_MS))) {
    isCut = performance.now() - startedAt >= runMs;
    if (isCut) break;
    const { owner, id: image } = record;
    unfinished++;
    try {
      if (await originals.etag(originalBlobName(record))) {
        log.info("image-repaired", { image, outcome: await thumbnailer.create(owner, image, log) });
      } else if (await images.remove(owner, image, etag)) {
        // Under the listed ETag: an upload that goes on just now has changed the record, and keeps it.
        log.info("image-repaired", { image, outcome: "record-removed" });
      }
    } catch (error) {
      // One failing image must not block the others.
      log.warn("reconcile-failed", { image, error });
    }
  }
  log.info("images-reconciled", { unfinished, ...(isCut && { cut: true }) });
}
