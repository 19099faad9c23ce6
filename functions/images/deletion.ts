// Deletes an image in an order that survives a crash: the record says `deleting` first and is removed last, an hour after
// its blobs. So what a late call stores in that hour is removed too.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { type ImageRecords, originalBlobName, type StoredImage } from "../lib/image.ts";
import { removeVariants } from "../lib/image-variants.ts";
import type { Duplicates } from "./duplicates.ts";
import type { Publisher } from "./publisher.ts";

/** Until the timer takes over: far longer than the calls of a request take. */
const TAKEOVER_MS = 5 * 60_000;
/** Far longer than a request lives, or a call of it can be late. */
const LATE_CALLS_MS = 60 * 60_000;

export type Deletion = {
  /**
   * @returns false when the owner has no such image, or no longer
   * @throws {AppError} CONFLICT while the image is being uploaded; DEPENDENCY_UNAVAILABLE when a store fails: once the
   *   record says `deleting`, the timer finishes
   */
  start(owner: string, id: string): Promise<boolean>;
  /** Like `start`, while the record is as `isAllowed` wants it. @returns false when it is not, or does not exist */
  startIf(owner: string, id: string, isAllowed: (record: StoredImage) => boolean): Promise<boolean>;
  /** Goes on with a deletion that was interrupted. @returns false when the image is not being deleted */
  resume(owner: string, id: string): Promise<boolean>;
};

type Options = {
  readonly records: Pick<ImageRecords, "changeStored" | "remove">;
  readonly originals: Pick<BlobContainer, "remove">;
  readonly thumbnails: Pick<BlobContainer, "list" | "remove">;
  readonly duplicates: Pick<Duplicates, "release">;
  readonly publisher: Pick<Publisher, "reconcile">;
  readonly now?: () => number;
};

export function createDeletion(options: Options): Deletion {
  const { records, originals, thumbnails, duplicates, publisher, now = Date.now } = options;

  /** Writes `deleting` where `isAllowed`, also again: the write proves that this is the current record. */
  async function mark(owner: string, id: string, isAllowed: (record: StoredImage) => boolean) {
    const retryAt = new Date(now() + TAKEOVER_MS).toISOString();
    let isMarked = false;
    const marked = await records.changeStored(owner, id, (record) => {
      isMarked = isAllowed(record);
      return isMarked ? { status: "deleting", retryAt } : undefined;
    });
    return isMarked ? marked : undefined;
  }

  /** The timer then empties the image once more, and removes the record. */
  async function markEmptied(owner: string, id: string): Promise<void> {
    const retryAt = new Date(now() + LATE_CALLS_MS).toISOString();
    // Whatever status was read: a read can lag behind `deleting`, and then the write fails and reads again.
    await records.changeStored(owner, id, ({ isEmptied }) =>
      isEmptied ? undefined : { status: "deleting", isEmptied: true, retryAt },
    );
  }

  async function run(owner: string, id: string, isAllowed: (record: StoredImage) => boolean): Promise<boolean> {
    const marked = await mark(owner, id, isAllowed);
    if (!marked) return false;
    const { etag, record } = marked;
    // What everyone can read first.
    await publisher.reconcile(record);
    // The original last of the blobs: an event of it could still start a thumbnail, which then finds no record to change.
    await removeVariants(thumbnails, record);
    await originals.remove(originalBlobName(record));
    await duplicates.release(record);
    if (record.isEmptied) await records.remove(owner, id, etag);
    else await markEmptied(owner, id);
    return true;
  }

  return {
    start: (owner, id) =>
      run(owner, id, ({ status, isEmptied }) => {
        // The upload would write its original after the deletion has removed it.
        if (status === "uploading")
          throw new AppError("CONFLICT", "The image is still being stored: try again shortly.");
        return !isEmptied;
      }),
    startIf: run,
    resume: (owner, id) => run(owner, id, ({ status }) => status === "deleting"),
  };
}
