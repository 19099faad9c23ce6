// GET /v1/images/{id}: an image's record, for its owner.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { type ImageRecord, imageRecord, toAnswer } from "./schemas.ts";
import { exampleImage } from "./upload.ts";

type ReadableImages = { find(owner: string, id: string): Promise<ImageRecord | undefined> };

export const readImage = guardedOperation({
  tag: "Images",
  summary: "Read an image's record",
  description: "Its own images alone: those of others are answered as if there were none.",
  params: z.object({ id: z.guid().meta({ description: "The image." }) }),
  responses: { 200: { description: "The record.", schema: imageRecord } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  example: { params: { id: exampleImage.id }, response: exampleImage },
  handler: async ({ caller, params: { id } }, { images }: { images: ReadableImages }) => {
    const record = await images.find(caller.subject, id);
    if (!record) throw new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    return { json: toAnswer(record) };
  },
});
