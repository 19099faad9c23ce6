// POST /v1/images: stores an image, sent as the multipart field `file` or as a raw body.
import { z } from "zod";
import { createGate, type Gate, requestPatience } from "../lib/gate.ts";
import { readFile, uploadMemory } from "../lib/http/multipart.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { contentTypes } from "./image-format.ts";
import { etagHeader, exampleImage, imageResponse, imageResult } from "./image-response.ts";
import type { Intake } from "./intake.ts";
import { thenFree } from "./then-free.ts";
import { encodingOptions, optimizeDescription, uploadOptions } from "./upload-options.ts";

/** Bytes of all uploads that are read or decoded at once; the others wait, unread. */
const MEMORY = 128 * 1024 * 1024;

/** One for the process. */
export const createUploadGate = (): Gate => createGate({ name: "uploads", capacity: MEMORY });

const resultHeaders = {
  ...etagHeader,
  Location: { description: "Path of the image record.", example: `${ROUTE_PREFIX}/v1/images/${exampleImage.id}` },
};

export const uploadImage = guardedOperation({
  tag: "Images",
  summary: "Upload an image",
  description:
    "Accepts JPEG, PNG, WebP, AVIF and GIF, detected from the bytes, also animated: the thumbnail is the first frame. AVIF may have 16 megapixels at most. What is stored is upright, in sRGB, at most 2,048 pixels on its longest side, and without EXIF, XMP, IPTC, comments and data behind its end. An image that needs none of this is stored unchanged unless encoding makes it smaller. Animations keep their size and frames; an animated AVIF, an HDR image, and an animation of more than about 200 megapixels in all are rejected unless `optimize=false`. An equal upload, with the same options, returns the image of the first. The thumbnail is created in the background: read the image until its status is `ready` or `failed`.",
  query: z.strictObject({
    filename: z.string().max(1_024).optional().meta({ description: "File name of an image sent as a raw body." }),
    optimize: z.enum(["true", "false"]).default("true").meta({ description: optimizeDescription }),
    ...encodingOptions,
  }),
  upload: { field: "file", contentTypes: Object.values(contentTypes) },
  responses: {
    200: {
      description: "The same bytes were uploaded before with the same options: the image that they became.",
      schema: imageResponse,
      headers: resultHeaders,
    },
    201: {
      description: "The image is stored; its thumbnail is pending.",
      schema: imageResponse,
      headers: resultHeaders,
    },
  },
  errors: [
    "VALIDATION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "UNPROCESSABLE_IMAGE",
    "DEPENDENCY_UNAVAILABLE",
  ],
  errorMessages: {
    VALIDATION_FAILED: 'The form must have a file in its field "file", received none: add one.',
    PAYLOAD_TOO_LARGE: "A file must have at most 10485760 bytes, received more: send a smaller one.",
    UNSUPPORTED_MEDIA_TYPE: "An image must be one of jpeg, png, webp, avif, gif, received HEIC: export it as JPEG.",
  },
  example: { query: { filename: "portrait.jpg" }, response: exampleImage },
  handler: async (
    { caller, contentLength, headers, query, stream },
    { intake, uploadGate }: { intake: Intake; uploadGate: Gate },
  ) => {
    const { maxBytes } = intake;
    const upload = { contentLength, headers, stream, field: "file", maxBytes };
    const options = uploadOptions(query.optimize === "true", query);
    const { record, isNew } = await uploadGate.run(uploadMemory(contentLength, maxBytes), requestPatience, async () => {
      const { bytes, filename = query.filename } = await readFile(upload);
      return thenFree(bytes, () =>
        intake.accept({ owner: caller.subject, tier: caller.tier, filename, bytes, options }),
      );
    });
    return imageResult(record, {
      status: isNew ? 201 : 200,
      headers: { Location: `${ROUTE_PREFIX}/v1/images/${record.id}` },
    });
  },
});
