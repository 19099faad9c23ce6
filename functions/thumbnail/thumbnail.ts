// The blob trigger: an original was written, so its thumbnail is made; and what happens when that failed five times.
import type { InvocationContext } from "@azure/functions";
import { createLog } from "../lib/log.ts";
import { containers } from "../lib/names.ts";
import type { Thumbnailer } from "./thumbnailer.ts";

/** Container and pattern of the originals. The host filters by the container alone. */
export const ORIGINALS_PATH = `${containers.images}/{name}`;

export async function onOriginalWritten(
  _blob: unknown,
  context: InvocationContext,
  { thumbnailer }: { thumbnailer: Thumbnailer },
): Promise<void> {
  // The whole path, not the pattern's parts: those come parsed as JSON, and an owner called 1 as a number.
  const { blobTrigger } = context.triggerMetadata ?? {};
  const [container, owner, image, file, more] = String(blobTrigger).split("/");
  const log = createLog(context);
  // What other tools wrote into the container has no record.
  if (container !== containers.images || !owner || !image || !file || more !== undefined)
    return log.warn("thumbnail-not-ours", { blob: blobTrigger });
  log.info("thumbnail", { image, outcome: await thumbnailer.make(owner, image, log) });
}
