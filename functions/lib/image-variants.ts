// The variants of an image: their names, where they are stored, which of them a record has, and how all are removed.
import type { BlobContainer } from "./azure/blobs.ts";
import { AppError } from "./errors.ts";
import {
  type ImageRecord,
  originalBlobName,
  type StoredImage,
  type StoredVariant,
  type VariantFormat,
} from "./image.ts";
import { containers, THUMBNAIL_EDGE } from "./names.ts";

/** What links call `thumbnail`. */
export const THUMBNAIL = variantName(THUMBNAIL_EDGE, "webp");

/** Bytes of the placeholder as a data URL. */
export const MAX_PLACEHOLDER = 500;

export const placeholderUrl = (base64: string): string => `data:image/webp;base64,${base64}`;

/** Of all public images in the container of the site. */
export const PUBLIC_PREFIX = "images/";

type ImageKey = Pick<ImageRecord, "owner" | "id">;

/** @param width bound on the longest side in pixels */
export function variantName(width: number, format: VariantFormat): string {
  return `${width}.${format}`;
}

const prefixOf = ({ owner, id }: ImageKey) => `${owner}/${id}/`;

/** Name in the container of thumbnails: `{owner}/{id}/thumb_{width}.{format}`. */
export function variantBlobName(image: ImageKey, name: string): string {
  return `${prefixOf(image)}thumb_${name}`;
}

/** Name in the container of the site: `images/{id}/{width}.{format}`. */
export const publicBlobName = (id: string, name: string): string => `${PUBLIC_PREFIX}${id}/${name}`;

/** @param siteUrl with a slash at the end */
export const publicUrl = (siteUrl: string, id: string, name: string): string => `${siteUrl}${publicBlobName(id, name)}`;

/** Id of the image whose copy has this name; undefined for any other blob of the site. */
export function parsePublicBlobName(name: string): string | undefined {
  const [id, file, ...rest] = name.startsWith(PUBLIC_PREFIX) ? name.slice(PUBLIC_PREFIX.length).split("/") : [];
  return id && file && rest.length === 0 ? id : undefined;
}

/** The stored variants. Records of releases before variants have the thumbnail only. */
export function variantsOf({ variants, thumbnail, status }: ImageRecord): readonly StoredVariant[] {
  if (variants) return variants;
  return (status === "ready" || status === "expired") && thumbnail
    ? [{ name: THUMBNAIL, format: "webp", ...thumbnail }]
    : [];
}

/** Whether everyone may see the image, once it has variants. */
export function isPublic(record: StoredImage | undefined): record is ImageRecord {
  const shown: readonly StoredImage["status"][] = ["uploading", "pending", "ready", "failed"];
  return record?.visibility === "public" && shown.includes(record.status);
}

/** The variants that everyone may read. */
export const publicVariants = (record: StoredImage | undefined): readonly StoredVariant[] =>
  isPublic(record) ? variantsOf(record) : [];

/** Where `original`, `thumbnail` or a variant of this name is stored. */
export function locateVariant(image: ImageKey & Pick<ImageRecord, "filename">, variant: string) {
  return variant === "original"
    ? { container: containers.images, blob: originalBlobName(image) }
    : { container: containers.thumbnails, blob: variantBlobName(image, nameOf(variant)) };
}

const nameOf = (variant: string) => (variant === "thumbnail" ? THUMBNAIL : variant);

/** @throws {AppError} CONFLICT for an image whose retention has ended */
export function rejectExpired({ status, expiredAt }: ImageRecord): void {
  if (status === "expired")
    throw new AppError(
      "CONFLICT",
      `The image expired at ${expiredAt} and is deleted a week later: lengthen its retention with PATCH to use it again.`,
    );
}

/**
 * Checks that the image has `original`, `thumbnail` or a variant of this name.
 * @throws {AppError} CONFLICT when it does not exist yet, could not be created, or the image has expired; NOT_FOUND when
 *   the image has others
 */
export function requireVariant(record: ImageRecord, variant: string): void {
  const { status, reason } = record;
  rejectExpired(record);
  if (status === "uploading") throw new AppError("CONFLICT", "The image is still being stored: try again shortly.");
  const names = variantsOf(record).map(({ name }) => name);
  if (variant === "original" || names.includes(nameOf(variant))) return;
  if (names.length > 0)
    throw new AppError(
      "NOT_FOUND",
      `The image has no variant ${variant}: request one of original, thumbnail, ${names.join(", ")}.`,
    );
  throw new AppError(
    "CONFLICT",
    status === "failed"
      ? `The image has no variants. ${reason ?? "They could not be created."} Request the original instead.`
      : "The variants are not ready yet: try again shortly.",
  );
}

/** Removes every blob of the image in the container of thumbnails, also of a render that ended before its record. */
export async function removeVariants(
  thumbnails: Pick<BlobContainer, "list" | "remove">,
  image: ImageKey,
): Promise<void> {
  for (const name of await thumbnails.list(prefixOf(image))) await thumbnails.remove(name);
}
