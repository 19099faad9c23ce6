// GET /v1/images: the caller's images, newest first, in pages.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { imageStatuses } from "../lib/image.ts";
import { tag } from "./image-details.ts";
import type { ImageList } from "./image-list.ts";
import { exampleImage, imageResponse, toResponse } from "./image-response.ts";
import { decodeCursor, encodeCursor } from "./list-cursor.ts";

const cursor = z
  .string()
  .max(1_000)
  .transform((text, context) => {
    const decoded = decodeCursor(text);
    if (!decoded) context.addIssue({ code: "custom", message: "must be the nextCursor of an earlier page" });
    return decoded ?? z.NEVER;
  });

const exampleCursor = encodeCursor({
  position: { before: exampleImage.id, span: 86_400_000 },
  filter: { status: "pending" },
});

export const listImages = guardedOperation({
  tag: "Images",
  summary: "List images",
  description:
    "Newest first. A page may have fewer images than `limit`, even none: the list ends when `nextCursor` is missing. Every image that exists from the first page to the last is returned exactly once, also while others are uploaded or deleted. An upload in progress is not listed.",
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: "Images a page has at most." }),
    tag: tag.optional().meta({ description: "Only images with this tag, in any case of letters." }),
    status: z
      .enum(imageStatuses)
      .exclude(["uploading"])
      .optional()
      .meta({ description: "Only images with this status." }),
    cursor: cursor.optional().meta({
      description:
        "`nextCursor` of the page before. It contains the filter: leave `tag` and `status` out, or send the same.",
    }),
  }),
  responses: {
    200: {
      description: "A page of image records.",
      schema: z.object({
        images: z.array(imageResponse),
        nextCursor: z.string().optional().meta({ description: "Missing at the end of the list." }),
      }),
    },
  },
  errors: ["VALIDATION_FAILED", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: 'query.limit must be at most 100, received "101": send for example 20.',
  },
  example: {
    query: { limit: 20, status: "pending", cursor: exampleCursor },
    response: { images: [exampleImage], nextCursor: exampleCursor },
  },
  handler: async ({ caller, query: { cursor, limit, status, tag } }, { imageList }: { imageList: ImageList }) => {
    const filter = cursor?.filter ?? { status, tag };
    for (const [name, value] of Object.entries({ status, tag }))
      if (value !== undefined && value !== filter[name as keyof typeof filter])
        throw new AppError(
          "VALIDATION_FAILED",
          `query.${name} must be the one that query.cursor began with, received ${JSON.stringify(value)}: leave it out, or leave the cursor out.`,
        );
    const { images, next } = await imageList.page(caller.subject, {
      ...filter,
      limit,
      ...(cursor && { position: cursor.position }),
    });
    const nextCursor = next && encodeCursor({ position: next, filter });
    return { json: { images: images.map(toResponse), ...(nextCursor !== undefined && { nextCursor }) } };
  },
});
