// POST /v1/uploads/{id}/commit: checks what was uploaded through the link, and stores it as an image.
import { z } from "zod";
import type { BlobContainer, BlobProperties } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { type Gate, requestPatience } from "../lib/gate.ts";
import { uploadMemory } from "../lib/http/multipart.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { type ImageRecord, type ImageRecords, uploadBlobName } from "../lib/image.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import type { Tier } from "../lib/retention.ts";
import { etagHeader, exampleImage, imageResponse, imageResult } from "./image-response.ts";
import type { AcceptedImage, Intake, UploadOptions } from "./intake.ts";
import { thenFree } from "./then-free.ts";
import { encodingOptions, optimizeDescription, uploadOptions } from "./upload-options.ts";
import type { Upload, UploadRows } from "./upload-rows.ts";

type CommitDeps = {
  readonly uploads: Pick<UploadRows, "find" | "choose" | "commit" | "currentImage">;
  readonly staged: Pick<BlobContainer, "properties" | "readUnchanged" | "remove">;
  readonly images: Pick<ImageRecords, "find">;
  readonly intake: Intake;
  readonly uploadGate: Gate;
};

async function requireUpload(uploads: CommitDeps["uploads"], owner: string, id: string): Promise<Upload> {
  const upload = await uploads.find(owner, id);
  if (upload) return upload;
  throw new AppError("NOT_FOUND", `You have no upload ${id}: check the id. Uploads are removed after an hour.`);
}

/** Whether these properties permit to read the blob. The link cannot limit size or kind, so they are checked here. */
function validateProperties({ size, isReadable }: BlobProperties, announced: number): void {
  if (!isReadable)
    throw new AppError(
      "UNPROCESSABLE_IMAGE",
      "The upload must be a block blob in an online tier, received another kind: send it with the returned headers.",
    );
  if (size > announced)
    throw new AppError(
      "PAYLOAD_TOO_LARGE",
      `The upload must have at most the ${announced} bytes that were announced, received ${size}: send the announced file.`,
    );
  if (size === 0) throw new AppError("VALIDATION_FAILED", "The image is empty: send its bytes.");
}

/** @returns undefined when nothing was uploaded, or another commit has finished */
async function storeUpload(
  { owner, id, filename, size: announced }: Upload,
  { wanted, tier }: { wanted: UploadOptions; tier: Tier | undefined },
  { uploads, staged, intake, uploadGate }: CommitDeps,
): Promise<AcceptedImage | undefined> {
  const blob = uploadBlobName({ owner, id });
  const properties = await staged.properties(blob);
  if (!properties) return undefined;
  try {
    validateProperties(properties, announced);
    const options = await uploads.choose(owner, id, properties.etag, wanted);
    if (!options) return undefined;
    return await uploadGate.run(uploadMemory(properties.size, intake.maxBytes), requestPatience, async () => {
      const bytes = await staged.readUnchanged(blob, properties);
      return bytes && thenFree(bytes, () => intake.accept({ owner, tier, filename, bytes, options }));
    });
  } catch (error) {
    // The link can then be used again. If the removal fails, the timer does it.
    const isRejected = error instanceof AppError && error.status < 500;
    if (isRejected) await staged.remove(blob, { etag: properties.etag }).catch(() => undefined);
    throw error;
  }
}

const respond = (record: ImageRecord, status: 200 | 201) =>
  imageResult(record, { status, headers: { Location: `${ROUTE_PREFIX}/v1/images/${record.id}` } });

const headers = {
  ...etagHeader,
  Location: { description: "Path of the image record.", example: `${ROUTE_PREFIX}/v1/images/${exampleImage.id}` },
};

export const commitUpload = guardedOperation({
  tag: "Images",
  summary: "Commit a direct upload",
  description:
    "Checks what was sent to the URL of the upload as `POST /v1/images` checks an image, and stores it. What is rejected is removed, and can be sent again until the URL expires. A second commit returns the same image, until the upload is an hour old; options count for the first commit of what was sent.",
  params: z.object({ id: z.guid().meta({ description: "Id of the upload." }) }),
  query: z.strictObject({
    optimize: z.enum(["true", "false"]).default("true").meta({ description: optimizeDescription }),
    ...encodingOptions,
  }),
  responses: {
    200: {
      description: "The upload was committed before, or is equal to an earlier one: its image.",
      schema: imageResponse,
      headers,
    },
    201: { description: "The image is stored; its thumbnail is pending.", schema: imageResponse, headers },
  },
  errors: [
    "VALIDATION_FAILED",
    "NOT_FOUND",
    "CONFLICT",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "UNPROCESSABLE_IMAGE",
    "DEPENDENCY_UNAVAILABLE",
  ],
  errorMessages: {
    VALIDATION_FAILED:
      "path.id must be a valid guid, received x: send for example 0193a1c2-5b7e-7000-8000-2f6b1d9c4e83.",
    CONFLICT: "Nothing was sent to the URL of this upload: send the file first.",
    PAYLOAD_TOO_LARGE:
      "The upload must have at most the 48213 bytes that were announced, received 50000: send the announced file.",
    UNSUPPORTED_MEDIA_TYPE: "An image must be one of jpeg, png, webp, avif, gif, received HEIC: export it as JPEG.",
  },
  example: { query: {}, params: { id: "0193a1c2-5b7e-7000-8000-2f6b1d9c4e83" }, response: exampleImage },
  handler: async ({ caller: { subject: owner, tier }, params, query }, deps: CommitDeps) => {
    const id = params.id.toLowerCase();
    const { uploads, staged, images } = deps;
    const upload = await requireUpload(uploads, owner, id);
    const wanted = uploadOptions(query.optimize === "true", query);
    const stored = upload.imageId === undefined ? await storeUpload(upload, { wanted, tier }, deps) : undefined;
    let imageId = upload.imageId;
    if (stored) {
      imageId = await uploads.commit(owner, id, stored.record.id);
      // After the row: until then a repeated commit needs the bytes. If it fails, the timer does it.
      await staged.remove(uploadBlobName({ owner, id })).catch(() => undefined);
      if (imageId === stored.record.id) return respond(stored.record, stored.isNew ? 201 : 200);
    }
    // Another commit may have removed the blob since the row was read, or before, if the read was stale.
    imageId ??= await uploads.currentImage(owner, id);
    if (imageId === undefined)
      throw new AppError("CONFLICT", "Nothing was sent to the URL of this upload: send the file first.");
    const record = await images.find(owner, imageId);
    if (!record) throw new AppError("NOT_FOUND", `The image ${imageId} of this upload was deleted.`);
    return respond(record, 200);
  },
});
