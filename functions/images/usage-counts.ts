// What a month of images counts: pure.
import { type ImageRecord, type Retention, type StoredImage, unlessDeleting } from "../lib/image.ts";
import { variantsOf } from "../lib/image-variants.ts";
import { retentions } from "../lib/names.ts";

export type Counts = {
  readonly images: number;
  /** Of the originals. */
  readonly bytes: number;
  readonly variants: number;
  readonly variantBytes: number;
};
/** By retention. A missing one has no images. */
export type Usage = { readonly [retention in Retention]?: Counts };

export const nothing: Counts = { images: 0, bytes: 0, variants: 0, variantBytes: 0 };

export const addCounts = (one: Counts, other: Counts): Counts => ({
  images: one.images + other.images,
  bytes: one.bytes + other.bytes,
  variants: one.variants + other.variants,
  variantBytes: one.variantBytes + other.variantBytes,
});

const isStored = (record: ImageRecord | undefined): record is ImageRecord =>
  record !== undefined && record.status !== "uploading";

/** What a record adds; undefined while it is being stored or deleted. */
function usageOf(stored: StoredImage | undefined): { retention: Retention; counts: Counts } | undefined {
  const record = unlessDeleting(stored);
  if (!isStored(record)) return undefined;
  const variants = variantsOf(record);
  const variantBytes = variants.reduce((sum, { size }) => sum + size, 0);
  return {
    retention: record.retention ?? "keep",
    counts: { images: 1, bytes: record.size, variants: variants.length, variantBytes },
  };
}

export function addRecord(usage: Usage, record: StoredImage): Usage {
  const added = usageOf(record);
  if (!added) return usage;
  const { counts, retention } = added;
  return { ...usage, [retention]: addCounts(usage[retention] ?? nothing, counts) };
}

/** Whether a change of a record, or its creation, changes what is counted. */
export const changesUsage = (before: StoredImage | undefined, after: StoredImage): boolean =>
  JSON.stringify(usageOf(before)) !== JSON.stringify(usageOf(after));

export const totalOf = (usage: Usage): Counts =>
  retentions.reduce((sum, retention) => addCounts(sum, usage[retention] ?? nothing), nothing);

export const isEqualUsage = (one: Usage, other: Usage): boolean =>
  retentions.every((each) => JSON.stringify(one[each] ?? nothing) === JSON.stringify(other[each] ?? nothing));
