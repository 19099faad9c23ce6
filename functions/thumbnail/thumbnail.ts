// The blob trigger: creates the thumbnail of each original that is written.
import type { InvocationContext } from "@azure/functions";
import { parseOriginalBlobName } from "../lib/image.ts";
import { createLog } from "../lib/log.ts";
import { containers } from "../lib/names.ts";
import type { Thumbnailer } from "./thumbnailer.ts";

const PREFIX = `${containers.images}/`;
/** Container and pattern of the originals. The host filters by container only. */
export const ORIGINALS_PATH = `${PREFIX}{name}`;

export async function onOriginalWritten(
  _blob: unknown,
  context: InvocationContext,
  { thumbnailer }: { thumbnailer: Thumbnailer },
): Promise<void> {
  // The host parses the pattern's parts as JSON, which turns an owner named "1" into a number: use the whole path.
  const path = String(context.triggerMetadata?.blobTrigger);
  const original = path.startsWith(PREFIX) ? parseOriginalBlobName(path.slice(PREFIX.length)) : undefined;
  const log = createLog(context);
  // Other tools may write to the container. Their blobs have no record.
  if (!original) return log.warn("thumbnail-unknown-blob", { blob: path });
  const { owner, id } = original;
  log.info("thumbnail", { image: id, outcome: await thumbnailer.create(owner, id, log) });
}
