// The triggers of thumbnails: the blob event of an original, and the queue of events that failed five times.
import type { InvocationContext } from "@azure/functions";
import { z } from "zod";
import { type ImageRecords, parseOriginalBlobName } from "../lib/image.ts";
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

/** Queue of the blob extension for events it gave up on, in the account of the trigger's connection. */
export const POISON_QUEUE = "webjobs-blobtrigger-poison";

const poisonMessage = z.object({ ContainerName: z.string(), BlobName: z.string() });

const REASON = "The thumbnail could not be created yet because of errors on our side. It is tried again automatically.";

/**
 * Sets the image to `failed` until the timer's next attempt. Never fails: the host reads a poison message five times in
 * an hour, and leaves it in the queue then. Without it the record stays as it is, which the timer repairs too.
 */
export async function onPoison(
  message: unknown,
  context: InvocationContext,
  { images }: { images: Pick<ImageRecords, "change"> },
): Promise<void> {
  const log = createLog(context);
  const original = parseOriginalBlobName(poisonMessage.safeParse(message).data?.BlobName ?? "");
  if (!original) return log.warn("poison-unreadable");
  const { owner, id: image } = original;
  const retryAt = new Date().toISOString();
  try {
    await images.change(owner, image, ({ status }) =>
      ["ready", "failed", "expired"].includes(status) ? undefined : { status: "failed", reason: REASON, retryAt },
    );
    log.warn("thumbnail-postponed", { image });
  } catch (error) {
    log.warn("thumbnail-postponed", { image, error });
  }
}
