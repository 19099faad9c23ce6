// The blob trigger: an original was written, so its thumbnail is made; and what happens when that failed five times.
import type { InvocationContext } from "@azure/functions";
import { createLog } from "../lib/log.ts";
import type { Thumbnailer } from "./thumbnailer.ts";

/** Path of the originals: the names in braces come back as trigger metadata. */
export const ORIGINALS_PATH = "images/{owner}/{imageId}/{filename}";

export async function onOriginalWritten(
  _blob: unknown,
  context: InvocationContext,
  { thumbnailer }: { thumbnailer: Thumbnailer },
): Promise<void> {
  const { owner, imageId } = context.triggerMetadata ?? {};
  // The host can deliver what other tools wrote into the container; only names of our own form have a record.
  if (typeof owner !== "string" || typeof imageId !== "string") return;
  const outcome = await thumbnailer.make(owner, imageId);
  createLog(context).info("thumbnail", { image: imageId, outcome });
}
