// The image record as the API returns it.
import { z } from "zod";
import { type ImageRecord, imageStatuses } from "../lib/image.ts";

const pixels = z.int().positive();

export const imageResponse = z
  .object({
    id: z.guid(),
    filename: z
      .string()
      .meta({ description: "The uploaded name, without characters that are unsafe in a file name or URL." }),
    contentType: z.string().meta({ description: "Detected from the bytes; the declared type and name are ignored." }),
    size: z.int().positive().meta({ description: "Size of the original in bytes." }),
    width: pixels.meta({ description: "Width after the EXIF orientation is applied." }),
    height: pixels,
    status: z.enum(imageStatuses).meta({
      description:
        "`ready` when the thumbnail is available; `failed` when it could not be created, see `reason`. After a failure on our side it is tried again, and can still become `ready`.",
    }),
    createdAt: z.iso.datetime(),
    source: z.url().optional().meta({ description: "URL that the image was imported from, without its query." }),
    thumbnail: z.object({ width: pixels, height: pixels, size: z.int().positive() }).optional(),
    reason: z.string().optional().meta({ description: "Why there is no thumbnail." }),
  })
  .meta({ id: "Image", description: "The record of an uploaded image." });

export type ImageResponse = z.infer<typeof imageResponse>;

/** Removes the fields that are internal. */
export function toResponse(record: ImageRecord): ImageResponse {
  const { owner: _owner, sourceEtag: _sourceEtag, attempts: _attempts, retryAt: _retryAt, ...response } = record;
  return response;
}

export const exampleImage = {
  id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b",
  filename: "portrait.jpg",
  contentType: "image/jpeg",
  size: 48213,
  width: 1200,
  height: 800,
  status: "pending",
  createdAt: "2026-11-21T09:00:00.000Z",
} as const satisfies ImageResponse;
