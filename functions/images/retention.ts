// Changes how long an image is kept: in its record, and in the index tag of its original that lifecycle rules read.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import { AppError } from "../lib/errors.ts";
import { type ImageRecord, originalBlobName, type Retention, tagsOf } from "../lib/image.ts";
import { variantsOf } from "../lib/image-variants.ts";
import { retentions } from "../lib/names.ts";
import { expiryOf, isLonger } from "../lib/retention.ts";

/**
 * When the timer writes the tag again. By then every request has ended that could still write an older value: the host
 * ends an invocation after five minutes.
 */
const RETAG_MS = 60 * 60_000;

const isoAt = (ms: number) => new Date(ms).toISOString();

export const isEnded = ({ expiresAt }: Pick<ImageRecord, "expiresAt">, now: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;

/** What an expired image is again: rendered, or still to be rendered. */
function revive(record: ImageRecord): Partial<ImageRecord> {
  if (record.status !== "expired") return {};
  const isRendered = variantsOf(record).length > 0;
  return { expiredAt: undefined, ...(isRendered ? { status: "ready" } : { status: "pending", sourceEtag: undefined }) };
}

/**
 * The changes of a record that gets another retention. An expired image becomes usable again.
 * @param now milliseconds since 1970
 * @throws {AppError} CONFLICT while the image is being stored, and when the retention would have ended already
 */
export function retain(
  record: ImageRecord,
  { retention, from }: { retention: Retention; from: "tier" | "owner" },
  now: number,
): Partial<ImageRecord> {
  if (record.status === "uploading")
    throw new AppError("CONFLICT", "The image is still being stored: try again shortly.");
  const expiresAt = expiryOf(record.createdAt, retention);
  if (isEnded({ expiresAt }, now))
    throw new AppError(
      "CONFLICT",
      `The retention must end in the future, and ${retention} days ended at ${expiresAt}: choose a longer one, or delete the image.`,
    );
  return { retention, retentionFrom: from, expiresAt, retagAt: isoAt(now + RETAG_MS), ...revive(record) };
}

/**
 * The changes of an expired record whose tag promises a longer retention: it gets that one. If that has ended too, the
 * image stays expired, and the week until its deletion begins again.
 * @param tag value of the index tag of the original
 * @returns undefined when the tag promises no more than the record, and for an image that is not expired
 */
export function restore(record: ImageRecord, tag: string | undefined, now: number): Partial<ImageRecord> | undefined {
  const retention = retentions.find((each) => each === tag);
  if (record.status !== "expired" || !retention || !isLonger(retention, record.retention ?? "keep")) return undefined;
  const expiresAt = expiryOf(record.createdAt, retention);
  if (isEnded({ expiresAt }, now)) return { retention, retentionFrom: "owner", expiresAt, expiredAt: isoAt(now) };
  return retain(record, { retention, from: "owner" }, now);
}

/** The changes of a record whose retention has ended; undefined while it lasts, and for an image without its original yet. */
export function expire(record: ImageRecord, now: number): Partial<ImageRecord> | undefined {
  if (record.status === "uploading" || record.status === "expired" || !isEnded(record, now)) return undefined;
  return { status: "expired", expiredAt: isoAt(now), attempts: undefined, retryAt: undefined };
}

/**
 * Changes the record with `change`, and the tag with it: before the record when the retention becomes longer, after it
 * when it becomes shorter. So after a crash the tag promises at least what the record does, and the timer writes it again.
 * @param current the record as it was read, which may be stale
 * @returns the record afterwards
 * @throws {AppError} DEPENDENCY_UNAVAILABLE, and what `change` throws
 */
export async function changeWithTag(
  originals: Pick<BlobContainer, "setTags">,
  { current, retention }: { current: ImageRecord; retention: Retention },
  change: () => Promise<ImageRecord | undefined>,
): Promise<ImageRecord | undefined> {
  const isLengthened = isLonger(retention, current.retention ?? "keep");
  if (isLengthened) await originals.setTags(originalBlobName(current), tagsOf({ retention }));
  const changed = await change();
  if (changed?.retention === retention && !isLengthened)
    // If it fails, the timer does it.
    await originals.setTags(originalBlobName(changed), tagsOf(changed)).catch(() => undefined);
  return changed;
}
