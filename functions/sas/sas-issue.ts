// POST /v1/sas: a link to one variant of one image, for whoever receives it.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { linkSeconds } from "./link-policy.ts";

/** The image is as the images feature keeps it; only this much of it matters here. */
export type LinkableImage = {
  readonly owner: string;
  readonly id: string;
  readonly filename: string;
  readonly status: "uploading" | "pending" | "ready" | "failed";
  readonly reason?: string | undefined;
};
export type LinkableImages = { find(owner: string, id: string): Promise<LinkableImage | undefined> };
export type Variant = "original" | "thumbnail";
export type IssueLink = (
  image: LinkableImage,
  variant: Variant,
  seconds: number,
) => Promise<{ url: string; expiresAt: number }>;

const link = z
  .object({
    url: z.url().meta({ description: "Opens the picture in any browser, for as long as it lasts." }),
    imageId: z.guid(),
    variant: z.enum(["original", "thumbnail"]),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Link", description: "An address that shows one picture, until it expires." });

function check({ status, reason }: LinkableImage, variant: Variant): void {
  if (status === "uploading") throw new AppError("CONFLICT", "The image is still being stored: try again shortly.");
  if (variant === "original" || status === "ready") return;
  throw new AppError(
    "CONFLICT",
    status === "failed"
      ? `The image has no thumbnail. ${reason ?? "It could not be made."} Ask for the original.`
      : "The thumbnail is still being made: try again shortly.",
  );
}

export const issueLink = guardedOperation({
  tag: "Links",
  summary: "Make a link to an image",
  description:
    "Read-only, for that one picture, signed with a user-delegation key. Nobody needs an account to open it.",
  body: z.strictObject({
    imageId: z.guid("must be the id of an image").transform((id) => id.toLowerCase()),
    variant: z.enum(["original", "thumbnail"], "must be original or thumbnail"),
    expiresIn: linkSeconds.meta({ description: "Seconds: a minute to six days." }),
  }),
  responses: { 200: { description: "The link.", schema: link } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
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
    { images, issueLink }: { images: LinkableImages; issueLink: IssueLink },
  ) => {
    const image = await images.find(caller.subject, imageId);
    if (!image) throw new AppError("NOT_FOUND", `You have no image ${imageId}: check the id.`);
    check(image, variant);
    const { url, expiresAt } = await issueLink(image, variant, expiresIn);
    return { json: { url, imageId, variant, expiresAt: new Date(expiresAt).toISOString() } };
  },
});
