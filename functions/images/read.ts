// GET /v1/images/{id}: the record of one of the caller's images, or the HTML that embeds it.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { guardedOperation } from "../lib/http/operation.ts";
import { throwValidationError } from "../lib/http/validation-issues.ts";
import type { ImageRecord, ImageRecords } from "../lib/image.ts";
import { publicUrl, rejectExpired, requireVariant, variantsOf } from "../lib/image-variants.ts";
import { linkSeconds } from "../lib/link-seconds.ts";
import { etagHeader, exampleImage, imageResponse, publishedResult } from "./image-response.ts";
import { pictureHtml } from "./picture.ts";

const query = z
  .strictObject({
    embed: z
      .enum(["picture"], "must be picture")
      .optional()
      .meta({ description: "`picture` returns the HTML of a `<picture>` with all variants." }),
    expires: z
      .string()
      .regex(/^\d{1,9}$/, "must be a whole number of seconds")
      .transform(Number)
      .pipe(linkSeconds)
      .optional()
      .meta({
        description:
          "Seconds until the links of the picture expire: one minute to six days. Required for a private image. Without it the picture of a public image has URLs that do not expire.",
      }),
  })
  .refine(({ embed, expires }) => embed !== undefined || expires === undefined, {
    path: ["expires"],
    message: "must be given with embed=picture only",
  });

const pictureResponse = z
  .object({
    html: z.string().meta({
      description:
        "A `<picture>` element. Every attribute is escaped. Insert it as HTML; the alternative text is `alt`.",
    }),
    expiresAt: z.iso
      .datetime()
      .optional()
      .meta({ description: "When the first link of the picture expires; missing when none does." }),
  })
  .meta({ id: "Picture", description: "HTML that shows an image in the size and format that suit a browser." });

/** Where links come from; throws DEPENDENCY_UNAVAILABLE when there is no key to sign with. */
type IssueLink = (
  image: ImageRecord,
  variant: string,
  options: { readonly seconds: number; readonly isStable: boolean },
) => Promise<{ url: string; expiresAt: number }>;

/**
 * @param links signed links that expire; without them the public URLs
 * @throws {AppError} CONFLICT while the image has no variants, and when it has expired
 */
async function embedPicture(
  record: ImageRecord,
  siteUrl: string,
  links?: { readonly seconds: number; readonly issueLink: IssueLink },
) {
  rejectExpired(record);
  const variants = variantsOf(record);
  if (variants.length === 0) requireVariant(record, "thumbnail");
  const { alt = "", placeholder } = record;
  if (!links) {
    const files = variants.map((variant) => ({ ...variant, url: publicUrl(siteUrl, record.id, variant.name) }));
    return { html: pictureHtml({ files, alt, placeholder }) };
  }
  const { issueLink, seconds } = links;
  const files = await Promise.all(
    variants.map(async (variant) => ({
      ...variant,
      ...(await issueLink(record, variant.name, { seconds, isStable: false })),
    })),
  );
  return {
    html: pictureHtml({ files, alt, placeholder }),
    expiresAt: new Date(Math.min(...files.map(({ expiresAt }) => expiresAt))).toISOString(),
  };
}

/** Known only when the record is: the picture of a public image needs no links. */
const NO_EXPIRY = {
  path: "query.expires",
  message:
    "must be given with embed=picture, in seconds from 60 to 518400, because links to a private image expire, received nothing: see /api/openapi.json.",
};

type ReadDeps = {
  readonly images: Pick<ImageRecords, "find">;
  readonly issueLink: IssueLink;
  /** Base address of the site, with a slash at the end. */
  readonly siteUrl: string;
};

export const readImage = guardedOperation({
  tag: "Images",
  summary: "Get an image",
  description:
    "Returns only the caller's images; any other id is 404. The variants of a public image have their `url`. With `embed=picture` it returns HTML as JSON, with links that expire or public URLs; a page that forbids data URLs in styles shows no placeholder.",
  params: z.object({ id: z.guid().meta({ description: "Id of the image." }) }),
  query,
  responses: {
    200: {
      description: "The image record, or the picture.",
      schema: z.union([imageResponse, pictureResponse]),
      headers: { ETag: { ...etagHeader.ETag, description: `${etagHeader.ETag.description} The picture has none.` } },
    },
  },
  errors: ["NOT_FOUND", "CONFLICT", "DEPENDENCY_UNAVAILABLE"],
  errorMessages: {
    VALIDATION_FAILED: `${NO_EXPIRY.path} ${NO_EXPIRY.message}`,
    CONFLICT: "The variants are not ready yet: try again shortly.",
  },
  example: { params: { id: exampleImage.id }, response: exampleImage },
  handler: async (
    { caller, params: { id }, query: { embed, expires: seconds } },
    { images, issueLink, siteUrl }: ReadDeps,
  ) => {
    const record = await images.find(caller.subject, id);
    if (!record) throw new AppError("NOT_FOUND", `You have no image ${id}: check the id.`);
    if (embed === undefined) return publishedResult(record, siteUrl);
    if (seconds !== undefined) return { json: await embedPicture(record, siteUrl, { seconds, issueLink }) };
    if (record.visibility === "public") return { json: await embedPicture(record, siteUrl) };
    return throwValidationError([NO_EXPIRY]);
  },
});
