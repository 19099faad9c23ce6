// POST /v1/sas: creates read links to variants of the caller's images, one or a list.
import { z } from "zod";
import { AppError, errorCodes, publicMessage } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { type ImageRecord, type ImageRecords, variantFormats } from "../lib/image.ts";
import { requireVariant } from "../lib/image-variants.ts";
import type { IssueLink } from "./issue-link.ts";
import { linkSeconds, MAX_STABLE_SECONDS } from "./link-policy.ts";

const MAX_ITEMS = 100;
/** Records that are read at once. */
const READS = 10;

const VARIANT = new RegExp(`^(original|thumbnail|[1-9]\\d{1,3}\\.(${variantFormats.join("|")}))$`);

const linkRequest = z
  .strictObject({
    imageId: z.guid("must be the id of an image").transform((id) => id.toLowerCase()),
    variant: z
      .string()
      .regex(VARIANT, "must be original, thumbnail or the name of a variant, such as 640.webp")
      .meta({ description: "`thumbnail` is the variant `256.webp`. The image lists its variants." }),
    expiresIn: linkSeconds.meta({ description: "Seconds until the link expires: one minute to six days." }),
    stable: z
      .boolean()
      .default(false)
      .meta({
        description: `Returns the same URL to every request of a window (a day, an hour, ten minutes or a minute: the longest that is at most \`expiresIn\`), so that a browser can cache the image. The link is valid for up to one window longer than \`expiresIn\`, which must be at most ${MAX_STABLE_SECONDS}.`,
      }),
  })
  .refine(({ stable, expiresIn }) => !stable || expiresIn <= MAX_STABLE_SECONDS, {
    path: ["expiresIn"],
    message: `must be at most ${MAX_STABLE_SECONDS} (six days less a minute) for a stable link`,
  });
type LinkRequest = z.output<typeof linkRequest>;

const linkResponse = z
  .object({
    url: z.url().meta({ description: "URL of the image. It works without authentication until it expires." }),
    imageId: z.guid(),
    variant: z.string(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Link", description: "A signed URL that opens one variant of one image until it expires." });
type LinkResponse = z.infer<typeof linkResponse>;

const itemError = z.object({ error: z.object({ code: z.enum(errorCodes), message: z.string() }) });
const listResponse = z
  .object({ items: z.array(z.union([linkResponse, itemError])) })
  .meta({ id: "LinkList", description: "A link or an error for each item of the request, in its order." });

type LinkDeps = { readonly images: Pick<ImageRecords, "find">; readonly issueLink: IssueLink };

/** @throws {AppError} NOT_FOUND, CONFLICT or DEPENDENCY_UNAVAILABLE */
async function linkTo(
  image: ImageRecord | undefined,
  { imageId, variant, expiresIn, stable }: LinkRequest,
  issueLink: IssueLink,
): Promise<LinkResponse> {
  if (!image) throw new AppError("NOT_FOUND", `You have no image ${imageId}: check the id.`);
  requireVariant(image, variant);
  const { url, expiresAt } = await issueLink(image, variant, { seconds: expiresIn, isStable: stable });
  return { url, imageId, variant, expiresAt: new Date(expiresAt).toISOString() };
}

/** The error of an item; anything else than an AppError fails the whole request. */
function toItemError(thrown: unknown): z.infer<typeof itemError> {
  if (!(thrown instanceof AppError)) throw thrown;
  return { error: { code: thrown.code, message: publicMessage(thrown) } };
}

/** Reads each image once. */
async function linksTo(owner: string, items: readonly LinkRequest[], { images, issueLink }: LinkDeps) {
  const ids = [...new Set(items.map(({ imageId }) => imageId))];
  const found = new Map<string, PromiseSettledResult<ImageRecord | undefined>>();
  for (let at = 0; at < ids.length; at += READS) {
    const batch = ids.slice(at, at + READS);
    const results = await Promise.allSettled(batch.map((id) => images.find(owner, id)));
    for (const [index, id] of batch.entries()) found.set(id, results[index] as (typeof results)[number]);
  }
  return Promise.all(
    items.map(async (item) => {
      const result = found.get(item.imageId);
      if (result?.status === "rejected") return toItemError(result.reason);
      return linkTo(result?.value, item, issueLink).catch(toItemError);
    }),
  );
}

export const createLink = guardedOperation({
  tag: "Links",
  summary: "Create links to images",
  description: `Returns a read-only URL for one variant of one image, signed with a user-delegation key. Anyone who has the URL can open it until it expires. A list of up to ${MAX_ITEMS} gets \`{"items": […]}\` with a link or an error for each; it costs one request of the rate limit per item, and is rejected as a whole when fewer are left, without costing them.`,
  body: z.union([
    linkRequest,
    z.array(linkRequest).min(1, "must have at least 1 item").max(MAX_ITEMS, `must have at most ${MAX_ITEMS} items`),
  ]),
  units: ({ body }) => (Array.isArray(body) ? body.length : 1),
  responses: { 200: { description: "The link, or the list.", schema: z.union([linkResponse, listResponse]) } },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: "body.expiresIn must be at least 60 (a minute), received 59: send for example 3600.",
  },
  example: {
    body: { imageId: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b", variant: "thumbnail", expiresIn: 3600, stable: true },
    response: {
      url: "https://media.example.com/thumbnails/owner/01932b2e-7c1a-7000-8000-5f3a9c1d2e4b/thumb_256.webp?sp=r&sig=abc",
      imageId: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b",
      variant: "thumbnail",
      expiresAt: "2026-11-21T10:00:00.000Z",
    },
  },
  handler: async ({ caller, body }, deps: LinkDeps) => {
    if (Array.isArray(body)) return { json: { items: await linksTo(caller.subject, body, deps) } };
    const image = await deps.images.find(caller.subject, body.imageId);
    return { json: await linkTo(image, body, deps.issueLink) };
  },
});
