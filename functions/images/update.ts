// PATCH /v1/images/{id}: changes the description, the alternative text or the tags of an image.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { alt, description, tags } from "./image-details.ts";
import { etagHeader, exampleImage, imageResponse, imageResult, matchesEtag } from "./image-response.ts";

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
  })
  .refine((fields) => Object.keys(fields).length > 0, "must have at least one of description, alt, tags");

/** The changes of a record: those that are given, null as undefined, which removes the column. */
function changesOf(body: z.output<typeof changes>): Partial<ImageRecord> {
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? undefined]));
}

const MESSAGE = {
  required: 'A change needs the header If-Match with the ETag that you read, received none: send it, or "If-Match: *".',
  stale: "The image has changed since you read it: read it again, and send the new ETag as If-Match.",
};

export const updateImage = guardedOperation({
  tag: "Images",
  summary: "Change an image",
  description:
    "Needs the header `If-Match` with the ETag of the image as you read it, or `*` for whatever it is now. Only changes of the description, the alternative text and the tags are conflicts: the thumbnail may be created between your read and your change.",
  params: z.object({ id: z.guid().meta({ description: "Id of the image." }) }),
  requestHeaders: {
    "If-Match": { description: "ETag of the image as you read it, or `*`.", example: etagHeader.ETag.example },
  },
  body: changes,
  responses: { 200: { description: "The changed image record.", schema: imageResponse, headers: etagHeader } },
  errors: ["NOT_FOUND", "PRECONDITION_FAILED", "PRECONDITION_REQUIRED", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: 'body.tags must have at most 20 items, received an array of 21: send for example ["portrait"].',
    PRECONDITION_REQUIRED: MESSAGE.required,
    PRECONDITION_FAILED: MESSAGE.stale,
  },
  example: {
    params: { id: exampleImage.id },
    body: { alt: "Portrait of Ada", tags: ["portrait", "2026"] },
    response: { ...exampleImage, alt: "Portrait of Ada", tags: ["portrait", "2026"] },
  },
  handler: async ({ body, caller, headers, params: { id } }, { images }: { images: Pick<ImageRecords, "change"> }) => {
    const ifMatch = headers.get("if-match");
    if (ifMatch === null) throw new AppError("PRECONDITION_REQUIRED", MESSAGE.required);
    let isStale = false;
    const record = await images.change(caller.subject, id, (current) => {
      isStale = !matchesEtag(ifMatch, current);
      // The read may be older than the ETag. Writing the record unchanged succeeds only if it is current.
      return isStale ? {} : changesOf(body);
    });
    if (!record) throw new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    if (isStale) throw new AppError("PRECONDITION_FAILED", MESSAGE.stale);
    return imageResult(record);
  },
});
