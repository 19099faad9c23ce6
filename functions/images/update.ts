// PATCH /v1/images/{id}: changes what its owner writes about an image, its retention, and whether it is public.
import { z } from "zod";
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { type ImageRecord, type ImageRecords, visibilities } from "../lib/image.ts";
import { retentions } from "../lib/names.ts";
import { type GalleryRows, MAX_PUBLIC } from "./gallery-rows.ts";
import { alt, description, tags } from "./image-details.ts";
import { etagHeader, exampleImage, imageResponse, matchesEtag, publishedResult } from "./image-response.ts";
import type { Publisher } from "./publisher.ts";
import { changeWithTag, retain } from "./retention.ts";

const changes = z
  .strictObject({
    description: description.nullable().optional().meta({
      description: "For the owner; of a public image the gallery shows it to everyone. null removes it.",
    }),
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
    visibility: z.enum(visibilities, "must be private or public").optional().meta({
      description:
        "`public` copies the variants, never the original, to the site, where everyone can read them without a link; the gallery lists the image with its alternative text and description. `private` removes the copies; caches may keep them for another hour.",
    }),
  })
  .refine(
    (fields) => Object.keys(fields).length > 0,
    "must have at least one of description, alt, tags, retention, visibility",
  );

type Changes = z.output<typeof changes>;

/** The changes of a record: those that are given, null as undefined, which removes the column. */
function changesOf(fields: Omit<Changes, "retention">): Partial<ImageRecord> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, value ?? undefined]));
}

/** Whether the copies or the row in the gallery must follow, if the image is or was public. */
const isShown = ({ alt, description, retention, visibility }: Changes) =>
  [alt, description, retention, visibility].some((field) => field !== undefined);

const MESSAGE = {
  required: 'A change needs the header If-Match with the ETag that you read, received none: send it, or "If-Match: *".',
  full: `A site has at most ${MAX_PUBLIC} public images, received one more: set the visibility of another one to private first.`,
  stale: "The image has changed since you read it: read it again, and send the new ETag as If-Match.",
};

type UpdateDeps = {
  readonly images: Pick<ImageRecords, "change" | "find">;
  readonly originals: Pick<BlobContainer, "setTags">;
  readonly galleryRows: Pick<GalleryRows, "isFull">;
  readonly publisher: Pick<Publisher, "announce" | "sync">;
  /** Base address of the site, with a slash at the end. */
  readonly siteUrl: string;
};

export const updateImage = guardedOperation({
  tag: "Images",
  summary: "Change an image",
  description:
    "Needs the header `If-Match` with the ETag of the image as you read it, or `*` for whatever it is now. Only changes by PATCH are conflicts: the thumbnail may be created between your read and your change. The response to a change of the visibility comes when the copies are made or removed; an image that is still being processed is published afterwards. After a 503 the change may have been made: the service finishes it within minutes.",
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
  handler: async (
    { body, caller: { subject }, headers, params: { id: requested } },
    { galleryRows, images, originals, publisher, siteUrl }: UpdateDeps,
  ) => {
    const ifMatch = headers.get("if-match");
    if (ifMatch === null) throw new AppError("PRECONDITION_REQUIRED", MESSAGE.required);
    const notFound = () => new AppError("NOT_FOUND", `You have no image ${requested}: check the id.`);
    const before = await images.find(subject, requested);
    if (!before) throw notFound();
    const { id, owner } = before;
    if (body.visibility === "public" && before.visibility !== "public" && (await galleryRows.isFull()))
      throw new AppError("CONFLICT", MESSAGE.full);
    const isAnnounced = body.visibility !== undefined || (before.visibility === "public" && isShown(body));
    const mark = isAnnounced ? await publisher.announce(owner, id) : undefined;
    const { retention, ...fields } = body;
    let isStale = false;
    const changeIfMatch = (change: (current: ImageRecord) => Partial<ImageRecord>) =>
      images.change(owner, id, (current) => {
        isStale = !matchesEtag(ifMatch, current);
        // The read may be older than the ETag. Writing the record unchanged succeeds only if it is current.
        return isStale ? {} : change(current);
      });
    const retained = (current: ImageRecord) => retention && retain(current, { retention, from: "owner" }, Date.now());
    const change = () => changeIfMatch((current) => ({ ...changesOf(fields), ...retained(current) }));
    let record: ImageRecord | undefined;
    if (retention) {
      // The tag follows only a request that is valid, and is written again if this one changes nothing after all.
      record = await changeIfMatch((current) => ({ retagAt: retained(current)?.retagAt }));
      if (record && !isStale) record = await changeWithTag(originals, { current: record, retention }, change);
    } else record = await change();
    // Also after a conflict, since the mark must be settled. The first read may be older than the image's publication.
    if (mark || (record?.visibility === "public" && isShown(body))) await publisher.sync(owner, id, mark);
    if (!record) throw notFound();
    if (isStale) throw new AppError("PRECONDITION_FAILED", MESSAGE.stale);
    return publishedResult(record, siteUrl);
  },
});
