// The image record as the API returns it, and its ETag.
import { createHash } from "node:crypto";
import { z } from "zod";
import type { OperationResponse } from "../lib/http/operation.ts";
import { type ImageRecord, imageStatuses, variantFormats, visibilities } from "../lib/image.ts";
import { publicUrl, publicVariants, variantsOf } from "../lib/image-variants.ts";
import { retentions } from "../lib/names.ts";
import { shownAlt, shownDescription, shownTags } from "./image-details.ts";

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
        "`ready` when all variants are available; `failed` when they could not be created, see `reason`. After a failure on our side it is tried again, and can still become `ready`. `expired` when its retention has ended: nothing uses the image any more, and it is deleted a week later.",
    }),
    metadata: z.enum(["kept", "removed"]).meta({
      description:
        "`removed`: the original has no EXIF, XMP or IPTC data, no position, comments or data behind its end. `kept`: it has what was uploaded.",
    }),
    createdAt: z.iso.datetime(),
    visibility: z.enum(visibilities).meta({
      description: "`public`: everyone can read the variants, and the gallery lists the image.",
    }),
    retention: z.enum(retentions).meta({
      description:
        "Days since `createdAt` for which the image is kept, or `keep`: without end. First that of the owner's tier: `free` 90, `basic` 180, `pro` 365, `enterprise` keep.",
    }),
    expiresAt: z.iso.datetime().optional().meta({ description: "When the retention ends. Missing for `keep`." }),
    expiredAt: z.iso
      .datetime()
      .optional()
      .meta({ description: "When the image became `expired`. It is deleted seven days later." }),
    description: shownDescription.optional(),
    alt: shownAlt.optional(),
    tags: shownTags.optional(),
    source: z.url().optional().meta({ description: "URL that the image was imported from, without its query." }),
    thumbnail: z
      .object({ width: pixels, height: pixels, size: z.int().positive() })
      .optional()
      .meta({ description: "The variant `256.webp`." }),
    variants: z
      .array(
        z.object({
          name: z.string().meta({ description: "What a link names: the bound on the longest side, and the format." }),
          format: z.enum(variantFormats),
          width: pixels,
          height: pixels,
          size: z.int().positive().meta({ description: "Bytes." }),
          url: z.url().optional().meta({
            description:
              "Of a public image, where one image is returned: everyone can read it, for as long as it is public.",
          }),
        }),
      )
      .optional()
      .meta({ description: "The stored variants, also while the image is processed again." }),
    thumbHash: z
      .string()
      .optional()
      .meta({ description: "Base64 of a ThumbHash, a blurred preview: https://evanw.github.io/thumbhash/" }),
    dominantColor: z
      .string()
      .regex(/^#[0-9a-f]{6}$/)
      .optional()
      .meta({ description: "The most frequent colour, in sRGB." }),
    reason: z.string().optional().meta({ description: "Why there are no variants." }),
  })
  .meta({ id: "Image", description: "The record of an uploaded image." });

export type ImageResponse = z.infer<typeof imageResponse>;

/** Removes the fields that are internal. */
export function toResponse(record: ImageRecord): ImageResponse {
  const { owner: _owner, sourceEtag: _sourceEtag, attempts: _attempts, retryAt: _retryAt, ...shown } = record;
  const { retentionFrom: _retentionFrom, retagAt: _retagAt, ...rest } = shown;
  const {
    placeholder: _placeholder,
    uploadKey: _uploadKey,
    variants: _variants,
    metadata = "kept",
    visibility = "private",
    retention = "keep",
    ...response
  } = rest;
  const variants = variantsOf(record);
  return {
    ...response,
    metadata,
    visibility,
    retention,
    ...(variants.length > 0 && { variants: [...variants] }),
  };
}

const hash = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 16);

const detailsHash = ({ description, alt, tags, visibility = "private", retention = "keep" }: ImageRecord) =>
  hash({ description, alt, tags, visibility, retention });

/**
 * It changes with every field of the response. Its first part changes only with the fields that PATCH changes, and If-Match
 * compares this part: a thumbnail that becomes ready between a read and a change is no conflict (docs/decisions/034).
 */
const etagOf = (record: ImageRecord): string => `"${detailsHash(record)}.${hash(toResponse(record))}"`;

/** Whether If-Match names this record. Weak tags count too: a proxy that compresses makes them so. */
export function matchesEtag(ifMatch: string, record: ImageRecord): boolean {
  if (ifMatch.trim() === "*") return true;
  const current = detailsHash(record);
  return ifMatch.split(",").some((tag) => /^\s*(?:W\/)?"([^".]+)\.[^"]*"\s*$/.exec(tag)?.[1] === current);
}

/** For the `headers` of a documented response. */
export const etagHeader = {
  ETag: { description: "Send it as If-Match to change the image.", example: '"4pW9vF2mWy0Jx1bT.h0Yq8sLk3ZcR5dNa"' },
};

/** The response with a record. */
export function imageResult(record: ImageRecord, { headers, ...rest }: OperationResponse = {}): OperationResponse {
  return { ...rest, headers: { ...headers, ETag: etagOf(record) }, json: toResponse(record) };
}

/** The response with a record and, when it is public, the URLs of its variants. */
export function publishedResult(record: ImageRecord, siteUrl: string): OperationResponse {
  const shown = publicVariants(record);
  if (shown.length === 0) return imageResult(record);
  const variants = shown.map((variant) => ({ ...variant, url: publicUrl(siteUrl, record.id, variant.name) }));
  return { headers: { ETag: etagOf(record) }, json: { ...toResponse(record), variants } };
}

export const exampleImage = {
  id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b",
  filename: "portrait.jpg",
  contentType: "image/jpeg",
  size: 48213,
  width: 1200,
  height: 800,
  status: "pending",
  metadata: "removed",
  visibility: "private",
  createdAt: "2026-11-21T09:00:00.000Z",
  retention: "keep",
} as const satisfies ImageResponse;
