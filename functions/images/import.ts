// POST /v1/images/import: fetches an image from a public https URL, and stores it as an upload.
import { z } from "zod";
import { type Gate, requestPatience } from "../lib/gate.ts";
import { uploadMemory } from "../lib/http/multipart.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import type { Download } from "../lib/outgoing/download.ts";
import { etagHeader, exampleImage, imageResponse, imageResult } from "./image-response.ts";
import type { ImportGate } from "./import-gate.ts";
import type { Intake } from "./intake.ts";
import { thenFree } from "./then-free.ts";
import { encodingOptions, optimizeDescription, uploadOptions } from "./upload-options.ts";

const resultHeaders = {
  ...etagHeader,
  Location: { description: "Path of the image record.", example: `${ROUTE_PREFIX}/v1/images/${exampleImage.id}` },
};

const exampleUrl = "https://photos.example/portrait.jpg";

/** Without query and fragment: in these, links carry signatures. */
const sourceOf = ({ origin, pathname }: URL): string => `${origin}${pathname}`;

function fileNameOf({ pathname }: URL): string {
  const name = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export const importImage = guardedOperation({
  tag: "Images",
  summary: "Import an image from a URL",
  description:
    "Fetches an image over https and optimises and stores it as an upload, with the same checks. The host must be public; port 443 only. At most three redirects and 30 seconds. The record keeps the URL as `source`, without its query.",
  body: z.strictObject({
    url: z.string().meta({ description: "https:// URL of the image, at most 2048 characters.", format: "uri" }),
    optimize: z.boolean().default(true).meta({ description: optimizeDescription }),
    ...encodingOptions,
  }),
  responses: {
    200: {
      description: "The same bytes are stored already: their image.",
      schema: imageResponse,
      headers: resultHeaders,
    },
    201: {
      description: "The image is stored; its thumbnail is pending.",
      schema: imageResponse,
      headers: resultHeaders,
    },
  },
  errors: ["UNPROCESSABLE_IMAGE", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: "body.url must be an https:// URL, received another: send one that begins with https://.",
    PAYLOAD_TOO_LARGE: "A file must have at most 10485760 bytes, received more: send a smaller one.",
    UNSUPPORTED_MEDIA_TYPE: "An image must be one of jpeg, png, webp, avif, gif, received HEIC: export it as JPEG.",
    UNPROCESSABLE_IMAGE: "The URL must respond with status 200, received 404: check that it opens without sign-in.",
  },
  example: { body: { url: exampleUrl }, response: { ...exampleImage, source: exampleUrl } },
  handler: async (
    { caller, body },
    deps: { download: Download; importGate: ImportGate; intake: Intake; uploadGate: Gate },
  ) => {
    const { download, importGate, intake, uploadGate } = deps;
    const { record, isNew } = await importGate.run(caller.subject, () =>
      download(body.url, ({ url, contentLength, read }) =>
        uploadGate.run(uploadMemory(contentLength, intake.maxBytes), requestPatience, async () => {
          const options = uploadOptions(body.optimize, body);
          const { subject: owner, tier } = caller;
          const upload = { owner, tier, filename: fileNameOf(url), source: sourceOf(url), options };
          const bytes = await read();
          return thenFree(bytes, () => intake.accept({ ...upload, bytes }));
        }),
      ),
    );
    return imageResult(record, {
      status: isNew ? 201 : 200,
      headers: { Location: `${ROUTE_PREFIX}/v1/images/${record.id}` },
    });
  },
});
