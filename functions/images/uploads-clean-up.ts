// The timer that removes direct uploads an hour after they were opened: what was uploaded, then the row.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { uploadBlobName } from "../lib/image.ts";
import type { Log } from "../lib/log.ts";
import type { UploadRows } from "./upload-rows.ts";

/** Uploads that are removed at once. */
const PARALLEL = 10;

type CleanUpDeps = {
  readonly uploads: Pick<UploadRows, "ended" | "remove">;
  readonly staged: Pick<BlobContainer, "remove">;
};

/**
 * A committed upload has lost its blob already, and its image is stored elsewhere. A commit that runs meanwhile has
 * either read the bytes, and stores them, or finds none.
 * @param runMs milliseconds after which no further uploads are removed; the next run takes the rest
 */
export async function cleanUpUploads(
  { uploads, staged }: CleanUpDeps,
  { log, runMs, now = Date.now() }: { log: Log; runMs: number; now?: number },
): Promise<void> {
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt >= runMs;
  let removed = 0;
  for await (const page of uploads.ended(now)) {
    for (let at = 0; at < page.length && !isOver(); at += PARALLEL) {
      const batch = page.slice(at, at + PARALLEL).map(async ({ owner, id }) => {
        try {
          // The row last: while it exists, the next run finds the blob.
          await staged.remove(uploadBlobName({ owner, id }));
          await uploads.remove(owner, id);
          removed += 1;
        } catch (error) {
          // One failing upload must not block the others.
          log.warn("upload-clean-up-failed", { upload: id, error });
        }
      });
      await Promise.all(batch);
    }
    if (isOver()) break;
  }
  log.info("uploads-cleaned-up", { removed });
}
