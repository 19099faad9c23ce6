// The shape of an image's record, as stored in meaning and as answered.
import { z } from "zod";

const pixels = z.int().positive();

export const imageStatus = z.enum(["uploading", "pending", "ready", "failed"]);

export const imageRecord = z
  .object({
    id: z.guid(),
    filename: z.string().meta({ description: "As it was sent, cleaned of what a file's name should not have." }),
    contentType: z.string().meta({ description: "Decided by the bytes, never by name or header." }),
    size: z.int().positive().meta({ description: "Bytes of the original." }),
    width: pixels.meta({ description: "As shown, after the camera's orientation." }),
    height: pixels,
    status: imageStatus.meta({ description: "ready once the thumbnail stands; failed with a reason." }),
    createdAt: z.iso.datetime(),
    thumbnail: z.object({ width: pixels, height: pixels, size: z.int().positive() }).optional(),
    reason: z.string().optional().meta({ description: "Why there is no thumbnail." }),
  })
  .meta({ id: "Image", description: "What is known of a picture." });

/** What callers see. */
export type ImageAnswer = z.infer<typeof imageRecord>;

/** What is kept: also whose it is, and which version of the original the thumbnail was made of. */
export type ImageRecord = ImageAnswer & { readonly owner: string; readonly sourceEtag?: string };

export function toAnswer({ owner: _owner, sourceEtag: _sourceEtag, ...answer }: ImageRecord): ImageAnswer {
  return answer;
}

/** Where the original of an image lies in its container. */
export function originalName({ owner, id, filename }: Pick<ImageRecord, "owner" | "id" | "filename">): string {
  return `${owner}/${id}/${filename}`;
}
