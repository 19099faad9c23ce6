// POST /v1/images/{id}/reprocess: creates the variants of an image again, for example after their widths have changed.
import { z } from "zod";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { type ImageRecord, type ImageRecords, originalBlobName, reprocessed } from "../lib/image.ts";
import { rejectExpired, variantsOf } from "../lib/image-variants.ts";
import { etagHeader, exampleImage, imageResponse, imageResult } from "./image-response.ts";
import type { Publisher } from "./publisher.ts";

const CONFLICT = "The image is still being stored: try again shortly.";
const UNREADABLE =
  "The original of this image cannot be read, because it is archived or missing: ask the operator to rehydrate or restore it.";

/** @returns undefined for an image that the next event or run of the timer processes anyway */
function reset(record: ImageRecord): Partial<ImageRecord> | undefined {
  const { status, retryAt, sourceEtag } = record;
  rejectExpired(record);
  if (status === "uploading") throw new AppError("CONFLICT", CONFLICT);
  if (status === "pending" && !retryAt && !sourceEtag) return undefined;
  // A release before variants stored the thumbnail only, and named it in a way that counts while `ready`.
  const variants = variantsOf(record);
  return { ...reprocessed, ...(variants.length > 0 && { variants }) };
}

type ReprocessDeps = {
  readonly images: Pick<ImageRecords, "find" | "change">;
  readonly originals: Pick<BlobContainer, "properties">;
  readonly publisher: Pick<Publisher, "announce">;
};

export const reprocessImage = guardedOperation({
  tag: "Images",
  summary: "Process an image again",
  description:
    "Creates the variants again from the original: after a failure, or after their widths have changed. It takes up to five minutes, and ten for an image that was uploaded just now; the status is `pending` meanwhile, and the existing variants and their links keep working. Variants that are no longer made are removed then. Repeating the request changes nothing.",
  params: z.object({ id: z.guid().meta({ description: "Id of the image." }) }),
  responses: {
    202: { description: "The image will be processed.", schema: imageResponse, headers: etagHeader },
  },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { CONFLICT },
  example: { params: { id: exampleImage.id }, response: exampleImage },
  handler: async ({ caller: { subject: owner }, params: { id } }, { images, originals, publisher }: ReprocessDeps) => {
    const notFound = () => new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    const current = await images.find(owner, id);
    if (!current) throw notFound();
    reset(current);
    // Otherwise a good image would be `failed` after the timer's last attempt.
    if (!(await originals.properties(originalBlobName(current)))?.isReadable)
      throw new AppError("CONFLICT", UNREADABLE);
    // The copies follow when the variants are there. A row that is due is why they are not taken for current meanwhile.
    if (current.visibility === "public") await publisher.announce(owner, current.id);
    const record = await images.change(owner, id, reset);
    if (!record) throw notFound();
    return imageResult(record, { status: 202 });
  },
});
