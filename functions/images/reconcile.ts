// The timer that repairs what crashes, lost events and failed attempts leave behind.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { type ImageRecords, type ImageStatus, originalBlobName, type StoredImage } from "../lib/image.ts";
import type { Log } from "../lib/log.ts";
import { alertLines } from "../lib/names.ts";
import type { Deletion } from "./deletion.ts";

const MINUTE_MS = 60_000;
/** Younger records may belong to an upload or a thumbnail in progress. */
export const MIN_AGE_MS = 5 * MINUTE_MS;
const MAX_ATTEMPTS = 8;
/** After an attempt, doubled each time: the eighth attempt is about eleven hours after the first. */
const FIRST_WAIT_MS = 5 * MINUTE_MS;

const GIVEN_UP = "The thumbnail could not be created because of repeated errors on our side. Process the image again.";

/** Meanwhile the variants were stored, or the retention has ended. */
const isFinished = (status: ImageStatus) => status === "ready" || status === "expired";

export type ReconcileDeps = {
  readonly images: ImageRecords;
  readonly originals: BlobContainer;
  readonly deletion: Pick<Deletion, "resume">;
  readonly thumbnailer: { create(owner: string, id: string, log: Log): Promise<string> };
};

/**
 * Creates the missing thumbnail where the original exists; removes the record of an upload that did not store it; finishes
 * deletions.
 * @param runMs milliseconds after which no further image is started; the next run takes the rest
 */
export async function reconcileImages(
  { deletion, images, originals, thumbnailer }: ReconcileDeps,
  { log, runMs, now = Date.now() }: { log: Log; runMs: number; now?: number },
): Promise<void> {
  /** @returns the outcome for the log, or undefined when nothing was repaired */
  async function repair(record: StoredImage, etag: string): Promise<string | undefined> {
    const { owner, id, attempts = 0 } = record;
    if (record.status === "deleting") return (await deletion.resume(owner, id)) ? "deleted" : undefined;
    const hasOriginal = (await originals.etag(originalBlobName(record))) !== undefined;
    // Under the listed ETag: an upload that goes on just now has changed the record, and keeps it.
    if (!hasOriginal && record.status === "uploading")
      return (await images.remove(owner, id, etag)) ? "record-removed" : undefined;
    if (attempts >= MAX_ATTEMPTS) {
      await images.change(owner, id, ({ status }) =>
        isFinished(status) ? undefined : { status: "failed", reason: GIVEN_UP, retryAt: undefined },
      );
      log.error(alertLines.thumbnailGivenUp, { image: id, attempts });
      return undefined;
    }
    // Counted before the attempt: one that ends the process counts too, and the next run does not start with it.
    const isLast = attempts + 1 === MAX_ATTEMPTS;
    const retryAt = new Date(now + FIRST_WAIT_MS * (isLast ? 1 : 2 ** attempts)).toISOString();
    await images.change(owner, id, ({ status }) =>
      isFinished(status) ? undefined : { attempts: attempts + 1, retryAt },
    );
    if (hasOriginal) return thumbnailer.create(owner, id, log);
    // Of an acknowledged image, for example after the account was restored without it: an operator may bring it back.
    log.warn("original-missing", { image: id });
    return undefined;
  }

  const startedAt = performance.now();
  let unfinished = 0;
  let isCut = false;
  const due = { before: new Date(now - MIN_AGE_MS), now: new Date(now) };
  for await (const { record, etag } of images.unfinished(due)) {
    isCut = performance.now() - startedAt >= runMs;
    if (isCut) break;
    unfinished++;
    try {
      const outcome = await repair(record, etag);
      if (outcome) log.info("image-repaired", { image: record.id, outcome });
    } catch (error) {
      // One failing image must not block the others.
      log.warn("reconcile-failed", { image: record.id, error });
    }
  }
  log.info("images-reconciled", { unfinished, ...(isCut && { cut: true }) });
}
