// The timer that mends what crashes and lost events leave behind: unfinished records older than five minutes.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { Log } from "../lib/log.ts";
import type { ImageRecords } from "./image-records.ts";
import { originalName } from "./schemas.ts";

/** An upload or a thumbnail under way is younger than this. */
const PATIENCE_MS = 5 * 60_000;

export type MendDeps = {
  readonly images: ImageRecords;
  readonly originals: BlobContainer;
  readonly thumbnailer: { make(owner: string, id: string, log: Log): Promise<string> };
};

/** The original is there: its thumbnail is made. It is not: the upload died before it stored anything, and the record goes. */
export async function mendImages(
  { images, originals, thumbnailer }: MendDeps,
  { log, now = Date.now() }: { log: Log; now?: number },
): Promise<void> {
  let seen = 0;
  for await (const record of images.unfinished(new Date(now - PATIENCE_MS))) {
    const { owner, id: image } = record;
    seen++;
    try {
      if (await originals.etag(originalName(record))) {
        log.info("mended", { image, outcome: await thumbnailer.make(owner, image, log) });
      } else {
        await images.remove(owner, image);
        log.info("mended", { image, outcome: "removed: its upload never stored a picture" });
      }
    } catch (error) {
      // One image that cannot be mended now must not keep the others waiting.
      log.warn("not-mended", { image, error });
    }
  }
  log.info("mend-done", { seen });
}
