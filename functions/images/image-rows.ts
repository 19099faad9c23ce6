// The row of an image in the table: its keys, and its record as columns. Pure.
import { AppError } from "../lib/errors.ts";
import type { StoredImage, StoredVariant } from "../lib/image.ts";

/** Times that a record may have. In a row they are dates, so that a filter compares them. */
const timeNames = ["retryAt", "expiresAt", "expiredAt", "retagAt"] as const;
type TimeName = (typeof timeNames)[number];

export type Row = Omit<
  StoredImage,
  "id" | "owner" | "thumbnail" | "variants" | "createdAt" | "size" | "tags" | TimeName
> & { [name in TimeName]?: Date } & {
  owner: string;
  createdAt: Date;
  bytes: number;
  thumbWidth?: number;
  thumbHeight?: number;
  thumbBytes?: number;
  /** JSON lists. */
  tags?: string;
  variants?: string;
};

export const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The month of a time in milliseconds, in UTC: YYYY-MM. */
export const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7);

/** Milliseconds of the time in the first 48 bits of a UUIDv7, or of a prefix of that length. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

export const partitionOf = (owner: string, month: string): string => `${owner}_${month}`;

/**
 * The partition is the owner and the month of creation, which is in the first 48 bits of a UUIDv7 (RFC 9562 section 5.7).
 * Undefined for any other id, which no image has.
 */
export function keysOf(owner: string, id: string) {
  if (!UUID_V7.test(id)) return undefined;
  return { partitionKey: partitionOf(owner, monthOf(timeOf(id))), rowKey: id.toLowerCase() };
}

const toDates = (times: { readonly [name in TimeName]: string | undefined }): { [name in TimeName]?: Date } =>
  Object.fromEntries(Object.entries(times).flatMap(([name, time]) => (time ? [[name, new Date(time)]] : [])));

export function toRow({ id, owner, thumbnail, variants, createdAt, size, tags, ...record }: StoredImage) {
  const { retryAt, expiresAt, expiredAt, retagAt, ...rest } = record;
  const keys = keysOf(owner, id);
  if (!keys) throw new AppError("INTERNAL", `The id of an image must be a UUIDv7, received ${id}`);
  return {
    ...keys,
    ...rest,
    owner,
    bytes: size,
    createdAt: new Date(createdAt),
    ...toDates({ retryAt, expiresAt, expiredAt, retagAt }),
    ...(tags && { tags: JSON.stringify(tags) }),
    ...(variants && { variants: JSON.stringify(variants) }),
    ...(thumbnail && { thumbWidth: thumbnail.width, thumbHeight: thumbnail.height, thumbBytes: thumbnail.size }),
  };
}

export function fromRow(row: Row & { rowKey?: string }): StoredImage {
  const { thumbWidth: width, thumbHeight: height, thumbBytes } = row;
  return {
    id: row.rowKey ?? "",
    owner: row.owner,
    filename: row.filename,
    contentType: row.contentType,
    size: row.bytes,
    width: row.width,
    height: row.height,
    status: row.status,
    createdAt: new Date(row.createdAt).toISOString(),
    ...(row.metadata && { metadata: row.metadata }),
    ...(row.uploadKey && { uploadKey: row.uploadKey }),
    ...(row.source && { source: row.source }),
    ...(row.description !== undefined && { description: row.description }),
    ...(row.alt !== undefined && { alt: row.alt }),
    ...(row.visibility && { visibility: row.visibility }),
    ...(row.tags && { tags: JSON.parse(row.tags) as string[] }),
    // Columns of an earlier status remain in the row, and must not appear in the record.
    ...(["ready", "expired"].includes(row.status) &&
      width &&
      height &&
      thumbBytes && { thumbnail: { width, height, size: thumbBytes } }),
    // These stay while the image is rendered again: their blobs do too.
    ...(row.variants && { variants: JSON.parse(row.variants) as StoredVariant[] }),
    ...(row.thumbHash && { thumbHash: row.thumbHash }),
    ...(row.dominantColor && { dominantColor: row.dominantColor }),
    ...(row.placeholder && { placeholder: row.placeholder }),
    ...(row.status === "failed" && row.reason && { reason: row.reason }),
    ...(row.sourceEtag && { sourceEtag: row.sourceEtag }),
    ...(row.status !== "ready" && row.attempts && { attempts: row.attempts }),
    ...(row.status !== "ready" && row.retryAt && { retryAt: new Date(row.retryAt).toISOString() }),
    ...(row.retention && { retention: row.retention }),
    ...(row.retentionFrom && { retentionFrom: row.retentionFrom }),
    ...(row.expiresAt && { expiresAt: new Date(row.expiresAt).toISOString() }),
    ...(row.expiredAt && { expiredAt: new Date(row.expiredAt).toISOString() }),
    ...(row.status === "deleting" && row.isEmptied && { isEmptied: true }),
    ...(row.retagAt && { retagAt: new Date(row.retagAt).toISOString() }),
  };
}
