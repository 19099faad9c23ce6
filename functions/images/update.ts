// PATCH /v1/images/{id}: changes the description, the alternative text, the tags or the retention of an image.
import { z } from "zod";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { retentions } from "../lib/names.ts";
import { alt, description, tags } from "./image-details.ts";
import { etagHeader, exampleImage, imageResponse, imageResult, matchesEtag } from "./image-response.ts";
import { changeWithTag, retain } from "./retention.ts";

const changes = z
  .strictObject({
    description: description.nullable().optional().meta({ description: "For the owner. null removes it." }),
    alt: alt
      .nullable()
      .optional()
      .meta({ description: "Alternative text; empty for a decorative image. null removes it." }),
    tags: tags.nullable().optional().meta({
      description: "Replaces all tags. Stored in Unicode NFC and lower case, trimmed, each once. null removes them.",
    }),
    retention: z.enum(retentions).optional().meta({
      description:
        "Days since the upload for which the image is kept, or `keep`. It must end in the future. An expired image can be used again then.",
    }),
  })
  .refine((fields) => Object.keys(fields).length > 0, "must have at least one of description, alt, tags, retention");

type Changes = z.output<typeof changes>;

/** The changes of a record: those that are given, null as undefined, which removes the column. */
function changesOf(fields: Omit<Changes, "retention">): Partial<ImageRecord> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? undefined]));
}

const MESSAGE = {
  required: 'A change needs the header If-Match with the ETag that you read, received none: send it, or "If-Match: *".',
  stale: "The image has changed since you read it: read it again, and send the new ETag as If-Match.",
};

type UpdateDeps = {
  readonly images: Pick<ImageRecords, "find" | "change">;
  readonly originals: Pick<BlobContainer, "setTags">;
};

export const updateImage = guardedOperation({
  tag: "Images",
  summary: "Change an image",
  description:
    "Needs the header `If-Match` with the ETag of the image as you read it, or `*` for whatever it is now. Only changes of the description, the alternative text, the tags and the retention are conflicts: the thumbnail may be created between your read and your change.",
  params: z.object({ id: z.guid().meta({ description: "Id of the image." }) }),
  requestHeaders: {
    "If-Match": { description: "ETag of the image as you read it, or `*`.", example: etagHeader.ETag.example },
  },
  body: changes,
  responses: { 200: { description: "The changed image record.", schema: imageResponse, headers: etagHeader } },
  errors: ["NOT_FOUND", "CONFLICT", "PRECONDITION_FAILED", "PRECONDITION_REQUIRED", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: 'body.tags must have at most 20 items, received an array of 21: send for example ["portrait"].',
    CONFLICT:
      "The retention must end in the future, and 90 days ended at 2026-02-19T09:00:00.000Z: choose a longer one, or delete the image.",
    PRECONDITION_REQUIRED: MESSAGE.required,
    PRECONDITION_FAILED: MESSAGE.stale,
  },
  example: {
    params: { id: exampleImage.id },
    body: { alt: "Portrait of Ada", tags: ["portrait", "2026"] },
    response: { ...exampleImage, alt: "Portrait of Ada", tags: ["portrait", "2026"] },
  },
  handler: async ({ body, caller: { subject: owner }, headers, params: { id } }, { images, originals }: UpdateDeps) => {
    const ifMatch = headers.get("if-match");
    if (ifMatch === null) throw new AppError("PRECONDITION_REQUIRED", MESSAGE.required);
    const { retention, ...fields } = body;
    let isStale = false;
    const change = () =>
      images.change(owner, id, (current) => {
        isStale = !matchesEtag(ifMatch, current);
        // The read may be older than the ETag. Writing the record unchanged succeeds only if it is current.
        if (isStale) return {};
        const retained = retention && retain(current, { retention, from: "owner" }, Date.now());
        return { ...changesOf(fields), ...retained };
      });
    const current = retention && (await images.find(owner, id));
    const record = await (current ? changeWithTag(originals, { current, retention }, change) : change());
    if (!record) throw new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    if (isStale) throw new AppError("PRECONDITION_FAILED", MESSAGE.stale);
    return imageResult(record);
  },
});
