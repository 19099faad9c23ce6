// DELETE /v1/images/{id}: deletes an image with its variants.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import type { Deletion } from "./deletion.ts";
import { exampleImage } from "./image-response.ts";

export const deleteImage = guardedOperation({
  tag: "Images",
  summary: "Delete an image",
  description:
    "Removes the image and its variants; links to it stop working. Its record is removed an hour later. After a 503 the deletion may have begun: the image is gone for every reader, and the service finishes within minutes; repeat the request to finish it now. Repeating it after a 204 is 404.",
  params: z.object({ id: z.guid().meta({ description: "Id of the image." }) }),
  responses: { 204: { description: "The image is deleted." } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: { CONFLICT: "The image is still being stored: try again shortly." },
  example: { params: { id: exampleImage.id } },
  handler: async ({ caller, params: { id } }, { deletion }: { deletion: Pick<Deletion, "start"> }) => {
    if (!(await deletion.start(caller.subject, id)))
      throw new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    return { status: 204 };
  },
});
