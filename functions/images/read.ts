// GET /v1/images/{id}: the record of one of the caller's images.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { ImageRecords } from "../lib/image.ts";
import { etagHeader, exampleImage, imageResponse, imageResult } from "./image-response.ts";

export const readImage = guardedOperation({
  tag: "Images",
  summary: "Get an image",
  description: "Returns only the caller's images; any other id is 404.",
  params: z.object({ id: z.guid().meta({ description: "Id of the image." }) }),
  responses: { 200: { description: "The image record.", schema: imageResponse, headers: etagHeader } },
  errors: ["NOT_FOUND", "DEPENDENCY_UNAVAILABLE"],
  example: { params: { id: exampleImage.id }, response: exampleImage },
  handler: async ({ caller, params: { id } }, { images }: { images: Pick<ImageRecords, "find"> }) => {
    const record = await images.find(caller.subject, id);
    if (!record) throw new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    return imageResult(record);
  },
});
