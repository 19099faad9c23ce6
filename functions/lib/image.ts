// The image model: what a record holds, its statuses, and where the blobs of an image are stored. Pure.
import { RETENTION_TAG, type retentions } from "./names.ts";

/**
 * `uploading`: the record exists, the original may not. `pending`: the original is stored, the variants are not all.
 * `ready`: all variants are stored. `failed`: they could not be created; `reason` says why. With `retryAt`, the timer tries
 * again; without, `failed` is final. `expired`: its retention has ended at `expiredAt`; the blobs are still stored, and a
 * timer deletes the image a week later.
 */
export const imageStatuses = ["uploading", "pending", "ready", "failed", "expired"] as const;
export type ImageStatus = (typeof imageStatuses)[number];

/** `public`: the site shows the variants to everyone, and the gallery lists the image. */
export const visibilities = ["private", "public"] as const;
export type Visibility = (typeof visibilities)[number];
/** How long an image is kept: days since its upload, or without end. */
export type Retention = (typeof retentions)[number];

/** Formats of variants. The content type is `image/{format}`. */
export const variantFormats = ["avif", "webp", "jpeg", "png"] as const;
export type VariantFormat = (typeof variantFormats)[number];

/** A stored file that was derived from the original. */
export type StoredVariant = {
  /** `{width}.{format}`; the width is a bound on the longest side, which a smaller image does not reach. */
  readonly name: string;
  readonly format: VariantFormat;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Bytes. */
  readonly size: number;
};

export type ImageRecord = {
  /** A UUIDv7, in lower case. */
  readonly id: string;
  /** Subject of the caller that uploaded the image. */
  readonly owner: string;
  readonly filename: string;
  readonly contentType: string;
  /** Bytes of the original. */
  readonly size: number;
  /** Pixels, after the EXIF orientation is applied. */
  readonly width: number;
  readonly height: number;
  /** Whether the original has no metadata; undefined before there was a choice: kept. */
  readonly metadata?: "kept" | "removed" | undefined;
  /** Names the row that finds repeated uploads (images/duplicates.ts). */
  readonly uploadKey?: string | undefined;
  readonly status: ImageStatus;
  /** ISO 8601. */
  readonly createdAt: string;
  /** URL that the image was imported from, without query and fragment, which may contain a secret. */
  readonly source?: string | undefined;
  readonly description?: string | undefined;
  /** Alternative text. Empty for a decorative image (HTML section 4.8.4.4). */
  readonly alt?: string | undefined;
  /** Normalised and unique. */
  readonly tags?: readonly string[] | undefined;
  /** Size of the variant `256.webp`. Releases before variants stored nothing else. */
  readonly thumbnail?: { readonly width: number; readonly height: number; readonly size: number } | undefined;
  /** @default private */
  readonly visibility?: Visibility | undefined;
  /** What is stored, also while the image is rendered again. */
  readonly variants?: readonly StoredVariant[] | undefined;
  /** Base64 of a ThumbHash. */
  readonly thumbHash?: string | undefined;
  /** `#rrggbb`. */
  readonly dominantColor?: string | undefined;
  /** Base64 of a tiny WebP; none for an image with transparent parts, through which it would show. */
  readonly placeholder?: string | undefined;
  /** Why there is no thumbnail, for the owner to read. */
  readonly reason?: string | undefined;
  /** ETag of the original that the thumbnail was created from, or could not be created from. */
  readonly sourceEtag?: string | undefined;
  /** Attempts of the timer to create the thumbnail. */
  readonly attempts?: number | undefined;
  /** When the timer makes its next attempt, ISO 8601. */
  readonly retryAt?: string | undefined;
  /** Undefined before there was a choice: keep. */
  readonly retention?: Retention | undefined;
  /** Where the retention is from: only that of the tier follows a change of the owner's tier. */
  readonly retentionFrom?: "tier" | "owner" | undefined;
  /** When the retention ends, ISO 8601; undefined for keep. */
  readonly expiresAt?: string | undefined;
  /** When the record became `expired`, ISO 8601. */
  readonly expiredAt?: string | undefined;
  /** When the timer writes the index tag `retention` of the original again, ISO 8601. */
  readonly retagAt?: string | undefined;
};

/**
 * A record as the store has it. `deleting`: its blobs are being removed, and the record is last. For everyone but the
 * deletion it no longer exists.
 */
export type StoredImage = Omit<ImageRecord, "status"> & {
  readonly status: ImageStatus | "deleting";
  /** Whether a deletion has removed the blobs; the record follows after an hour. */
  readonly isEmptied?: boolean | undefined;
};

export function unlessDeleting(record: StoredImage | undefined): ImageRecord | undefined {
  return record && record.status !== "deleting" ? { ...record, status: record.status } : undefined;
}

/**
 * The store of image records. Every method throws DEPENDENCY_UNAVAILABLE when the store fails. A record that is returned
 * as undefined does not exist or is being deleted: the store has confirmed it, not only a read that may be stale.
 */
export type ImageRecords = {
  create(record: ImageRecord): Promise<void>;
  find(owner: string, id: string): Promise<ImageRecord | undefined>;
  /**
   * Applies `change` to the current record, and again if another writer was faster. `change` returns undefined to
   * leave the record as it is.
   * @returns the record afterwards, or undefined when it does not exist
   */
  change(
    owner: string,
    id: string,
    change: (record: ImageRecord) => Partial<ImageRecord> | undefined,
  ): Promise<ImageRecord | undefined>;
  /** Like `change`, also for a record that is being deleted. */
  changeStored(
    owner: string,
    id: string,
    change: (record: StoredImage) => Partial<StoredImage> | undefined,
  ): Promise<{ readonly record: StoredImage; readonly etag: string } | undefined>;
  /** Removes the record if it still has this ETag, and returns false if another writer has changed it. "*" is any ETag. */
  remove(owner: string, id: string, etag: string): Promise<boolean>;
  /**
   * Records that are due at an instant: created before `before` and `uploading` or `pending`, or `failed` or `deleting`
   * with a `retryAt`, and in each case without a later `retryAt`. They may have changed since.
   */
  unfinished(due: {
    readonly before: Date;
    readonly now: Date;
  }): AsyncIterable<{ readonly record: StoredImage; readonly etag: string }>;
  /** Records whose `visibility` is `public`, of all owners, in any status. They may have changed since. */
  published(): AsyncIterable<StoredImage>;
};

/** What makes the timer create the variants of an image again; the stored ones stay until others replace them. */
export const reprocessed: Partial<ImageRecord> = {
  status: "pending",
  sourceEtag: undefined,
  reason: undefined,
  attempts: undefined,
  retryAt: undefined,
};

/** Name in the container of originals: `{owner}/{id}/{filename}`. */
export function originalBlobName({ owner, id, filename }: Pick<ImageRecord, "owner" | "id" | "filename">): string {
  return `${owner}/${id}/${filename}`;
}

/** Index tags of the original. */
export const tagsOf = ({ retention = "keep" }: Pick<ImageRecord, "retention">) => ({ [RETENTION_TAG]: retention });

/** Name in the container of direct uploads: `{owner}/{id}`, with the id of the upload. */
export function uploadBlobName({ owner, id }: { readonly owner: string; readonly id: string }): string {
  return `${owner}/${id}`;
}

/** Owner and id of the image whose original has this name; undefined for any other blob. */
export function parseOriginalBlobName(name: string): Pick<ImageRecord, "owner" | "id"> | undefined {
  const [owner, id, filename, ...rest] = name.split("/");
  return owner && id && filename && rest.length === 0 ? { owner, id } : undefined;
}
