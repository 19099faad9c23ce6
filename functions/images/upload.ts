// POST /v1/images: takes a picture as a multipart field `file` or as a raw body.
import { z } from "zod";
import { readFile } from "../lib/http/multipart.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import { contentTypes } from "./image-format.ts";
import type { Intake } from "./intake.ts";
import { imageRecord, toAnswer } from "./schemas.ts";

export const exampleImage = {
  id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b",
  filename: "portrait.jpg",
  contentType: "image/jpeg",
  size: 48213,
  width: 1200,
  height: 800,
  status: "pending",
  createdAt: "2026-11-21T09:00:00.000Z",
};

export const uploadImage = guardedOperation({
  tag: "Images",
  summary: "Upload a picture",
  description:
    "JPEG, PNG, WebP, AVIF or GIF, told by its bytes. A thumbnail follows: read the image until it is ready.",
  query: z.strictObject({
    filename: z.string().max(1_024).optional().meta({ description: "Name of a picture sent as a raw body." }),
  }),
  upload: { field: "file", contentTypes: Object.values(contentTypes) },
  responses: {
    201: {
      description: "Stored. Its thumbnail is to come.",
      schema: imageRecord,
      headers: {
        Location: { description: "Path of its record.", example: `${ROUTE_PREFIX}/v1/images/${exampleImage.id}` },
      },
    },
  },
  errors: [
    "VALIDATION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "UNPROCESSABLE_IMAGE",
    "DEPENDENCY_UNAVAILABLE",
  ],
  example: { query: { filename: "portrait.jpg" }, response: exampleImage },
  handler: async ({ caller, headers, query, stream }, { intake }: { intake: Intake }) => {
    const { bytes, filename = query.filename } = await readFile({
      headers,
      stream,
      field: "file",
      maxBytes: intake.maxBytes,
    });
    const record = await intake.accept({ owner: caller.subject, filename, bytes });
    // Stored, and nobody reads it any more: left to the garbage collector, which looks at its own heap, megabytes of
    // dead pictures would pile up before it comes (npm run bench -- upload).
    bytes.buffer.transfer(0);
    return {
      status: 201,
      headers: { Location: `${ROUTE_PREFIX}/v1/images/${record.id}` },
      json: toAnswer(record),
    };
  },
});
