// GET /v1/gallery: the public images of the site.
import { z } from "zod";
import { operation } from "../lib/http/operation.ts";
import { variantFormats } from "../lib/image.ts";
import { placeholderUrl, publicUrl } from "../lib/image-variants.ts";
import { MAX_PUBLIC } from "./gallery-rows.ts";
import { type Gallery, type GalleryImage, MAX_SHOWN } from "./gallery-view.ts";
import { shownAlt } from "./image-details.ts";
import { exampleImage } from "./image-response.ts";

const CACHE = "public, max-age=300";
const pixels = z.int().positive();

const galleryImage = z
  .object({
    id: z.guid(),
    createdAt: z.iso.datetime(),
    alt: shownAlt.optional(),
    description: z.string().optional(),
    variants: z.array(z.object({ url: z.url(), format: z.enum(variantFormats), width: pixels, height: pixels })),
    thumbHash: z.string().optional().meta({ description: "Base64 of a ThumbHash: https://evanw.github.io/thumbhash/" }),
    dominantColor: z
      .string()
      .regex(/^#[0-9a-f]{6}$/)
      .optional(),
    placeholder: z
      .string()
      .optional()
      .meta({ description: "A data URL of at most 500 bytes, to show while a variant loads." }),
  })
  .meta({ id: "GalleryImage", description: "An image that everyone may see." });

function toResponse(
  { placeholder, sourceEtag: _, variants, ...image }: GalleryImage,
  siteUrl: string,
): z.infer<typeof galleryImage> {
  return {
    ...image,
    variants: variants.map(({ name, ...variant }) => ({ url: publicUrl(siteUrl, image.id, name), ...variant })),
    ...(placeholder && { placeholder: placeholderUrl(placeholder) }),
  };
}

/** Weak comparison, as RFC 9110 section 13.1.2 requires: a proxy that compresses makes tags weak. */
const isMatch = (ifNoneMatch: string | null, etag: string): boolean =>
  ifNoneMatch?.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, ""))) ?? false;

const headers = {
  ETag: { description: "Send it as If-None-Match: 304 when nothing has changed.", example: '"x1Qb7Zk0h2f9sVtLwN3c4e"' },
  "Cache-Control": { description: "Five minutes.", example: CACHE },
};

const { createdAt, id } = exampleImage;

export const readGallery = operation({
  tag: "Images",
  summary: "List the public images",
  description: `The newest ${MAX_SHOWN} public images of all users of the site, newest first by the time of their upload. A site has at most ${MAX_PUBLIC} public images. A change appears within six minutes: caches keep the list for five, and an instance for one.`,
  requestHeaders: {
    "If-None-Match": { description: "ETag of an earlier response, if any.", example: headers.ETag.example },
  },
  responses: {
    200: { description: "The public images.", schema: z.object({ images: z.array(galleryImage) }), headers },
    304: { description: "The images are those of If-None-Match.", headers },
  },
  errors: ["DEPENDENCY_UNAVAILABLE"],
  example: {
    response: {
      images: [
        {
          id,
          createdAt,
          alt: "Portrait of Ada",
          variants: [
            {
              url: `https://vitaesite.z6.web.core.windows.net/images/${id}/640.webp`,
              format: "webp",
              width: 640,
              height: 427,
            },
          ],
          dominantColor: "#d8a878",
        },
      ],
    },
  },
  handler: async (request, { gallery, siteUrl }: { gallery: Pick<Gallery, "read">; siteUrl: string }) => {
    const { etag, images } = await gallery.read();
    const init = { headers: { ETag: etag, "Cache-Control": CACHE } };
    if (isMatch(request.headers.get("if-none-match"), etag)) return { ...init, status: 304 };
    return { ...init, json: { images: images.map((image) => toResponse(image, siteUrl)) } };
  },
});
