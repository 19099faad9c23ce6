// The queue trigger for originals whose blob event failed five times: sets the image record to `failed`.
import type { InvocationContext } from "@azure/functions";
import { z } from "zod";
import { type ImageRecords, parseOriginalBlobName } from "../lib/image.ts";
import { createLog } from "../lib/log.ts";
import { alertLines } from "../lib/names.ts";

/** Queue of the blob extension for events it gave up on, in the account of the trigger's connection. */
export const POISON_QUEUE = "webjobs-blobtrigger-poison";

const poisonMessage = z.object({ ContainerName: z.string(), BlobName: z.string() });

const REASON =
  "The thumbnail could not be created because of repeated errors on our side. Upload the image again later.";

export async function onPoison(
  message: unknown,
  context: InvocationContext,
  { images }: { images: Pick<ImageRecords, "change"> },
): Promise<void> {
  const log = createLog(context);
  const original = parseOriginalBlobName(poisonMessage.safeParse(message).data?.BlobName ?? "");
  if (!original) return log.warn("poison-unreadable");
  await images.change(original.owner, original.id, ({ status, sourceEtag = "" }) =>
    status === "ready" || status === "failed" ? undefined : { status: "failed", sourceEtag, reason: REASON },
  );
  log.error(alertLines.thumbnailGivenUp, { image: original.id });
}
