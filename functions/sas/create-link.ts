// POST /v1/sas: creates a read link to one variant of one of the caller's images.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { type ImageRecord, type ImageRecords, type Variant, variants } from "../lib/image.ts";
import type { IssueLink } from "./issue-link.ts";
import { linkSeconds } from "./link-policy.ts";

const linkResponse = z
  .object({
    url: z.url().meta({ description: "URL of the image. It works without authentication until it expires." }),
    imageId: z.guid(),
    variant: z.enum(variants),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Link", description: "A signed URL that opens one variant of one image until it expires." });

function requireVariant({ status, reason }: ImageRecord, variant: Variant): void {
  if (status === "uploading") throw new AppError("CONFLICT", "The image is still being stored: try again shortly.");
  if (variant === "original" || status === "ready") return;
  throw new AppError(
    "CONFLICT",
    status === "failed"
      ? `The image has no thumbnail. ${reason ?? "It could not be created."} Request the original instead.`
      : "The thumbnail is not ready yet: try again shortly.",
  );
}

export const createLink = guardedOperation({
  tag: "Links",
  summary: "Create a link to an image",
  description:
    "Returns a read-only URL for one variant of one image, signed with a user-delegation key. Anyone who has the URL can open it until it expires.",
  body: z.strictObject({
    imageId: z.guid("must be the id of an image").transform((id) => id.toLowerCase()),
    variant: z.enum(variants, "must be original or thumbnail"),
    expiresIn: linkSeconds.meta({ description: "Seconds until the link expires: one minute to six days." }),
  }),
  responses: { 200: { description: "The link.", schema: linkResponse } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: "body.expiresIn must be at least 60 (a minute), received 59: send for example 3600.",
  },
  example: {
    body: { imageId: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b", variant: "thumbnail", expiresIn: 3600 },
    response: {
      url: "https://media.example.com/thumbnails/owner/01932b2e-7c1a-7000-8000-5f3a9c1d2e4b/thumb_256.webp?sp=r&sig=abc",
      imageId: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b",
      variant: "thumbnail",
      expiresAt: "2026-11-21T10:00:00.000Z",
    },
  },
  handler: async (
    { caller, body: { imageId, variant, expiresIn } },
    { images, issueLink }: { images: Pick<ImageRecords, "find">; issueLink: IssueLink },
  ) => {
    const image = await images.find(caller.subject, imageId);
    if (!image) throw new AppError("NOT_FOUND", `You have no image ${imageId}: check the id.`);
    requireVariant(image, variant);
    const { url, expiresAt } = await issueLink(image, variant, expiresIn);
    return { json: { url, imageId, variant, expiresAt: new Date(expiresAt).toISOString() } };
  },
});
