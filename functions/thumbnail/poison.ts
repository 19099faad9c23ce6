// The queue trigger for originals whose thumbnail failed five times: the record says so, and nobody waits any longer.
import type { InvocationContext } from "@azure/functions";
import { z } from "zod";
import { createLog } from "../lib/log.ts";
import { alertLines } from "../lib/names.ts";
import type { ThumbnailRecords } from "./thumbnailer.ts";

/** Where the blob trigger of the extension puts what it gave up, on the account of the trigger's connection. */
export const POISON_QUEUE = "webjobs-blobtrigger-poison";

const poisoned = z.object({ ContainerName: z.string(), BlobName: z.string() });

const REASON =
  "The thumbnail could not be made, time and again, for a reason on our side. Upload the picture again later.";

export async function onPoison(
  message: unknown,
  context: InvocationContext,
  { images }: { images: ThumbnailRecords },
): Promise<void> {
  const log = createLog(context);
  const parsed = poisoned.safeParse(message);
  const [owner, image] = parsed.data?.BlobName.split("/") ?? [];
  if (!owner || !image) return log.warn("poison-unreadable");
  await images.change(owner, image, ({ status, sourceEtag = "" }) =>
    status === "ready" || status === "failed" ? undefined : { status: "failed", sourceEtag, reason: REASON },
  );
  log.error(alertLines.thumbnailGivenUp, { image });
}
