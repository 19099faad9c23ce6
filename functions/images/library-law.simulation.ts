// What must hold in a quiet library: the law that the model checks at the end of each schedule.
import type { StoredVariant } from "../lib/image.ts";
import { originalBlobName, parseOriginalBlobName } from "../lib/image.ts";
import { variantBlobName } from "../lib/image-variants.ts";
import { findPublicViolations, recordsOf } from "./library-public-law.simulation.ts";
import type { Outcome } from "./library-schedule.simulation.ts";
import { plainImage, variantOf } from "./plain-decoder.fixture.ts";

type Blobs = Outcome["world"]["originals"]["blobs"];
const bytesOf = (blobs: Blobs, name: string) => blobs.get(name)?.bytes;
/** `{owner}/{id}` of a blob of an image. */
const imageOf = (name: string) => name.slice(0, name.lastIndexOf("/"));

/** @returns what is wrong; empty if the law holds */
export function findViolations(outcome: Outcome): string[] {
  const { known, violations: seen, world } = outcome;
  const violations = [...seen];
  for (const name of world.overwritten) violations.push(`the original ${name} was overwritten`);
  const { originals, thumbnails, staged, table } = world;
  const records = recordsOf(world);
  const keys = new Set(records.map(({ owner, id }) => `${owner}/${id}`));

  const byUpload = Map.groupBy(records, ({ owner, uploadKey }) => `${owner} ${uploadKey}`);
  for (const equal of byUpload.values())
    if (equal.length > 1 && equal[0]?.uploadKey) violations.push(`equal uploads have ${equal.length} images`);
  for (const record of records) {
    const { id, status } = record;
    if (status !== "ready") violations.push(`the record ${id} ends ${status}`);
    const original = bytesOf(originals.blobs, originalBlobName(record));
    if (!original) violations.push(`the record ${id} (${status}) has no original`);
    const variants: readonly StoredVariant[] = record.variants ?? [];
    if (status === "ready" && variants.length === 0) violations.push(`the record ${id} names no variant`);
    for (const { name, format } of variants) {
      const stored = bytesOf(thumbnails.blobs, variantBlobName(record, name));
      if (!stored) violations.push(`the record ${id} has no variant ${name}`);
      else if (original && !stored.equals(variantOf(original, format)))
        violations.push(`${id} ${name} is of another image`);
    }
  }
  for (const name of originals.blobs.keys())
    if (!parseOriginalBlobName(name) || !keys.has(imageOf(name))) violations.push(`the original ${name} has no record`);
  for (const name of thumbnails.blobs.keys())
    if (!keys.has(imageOf(name))) violations.push(`the variant ${name} has no record`);
  for (const name of staged.blobs.keys()) violations.push(`the direct upload ${name} was not removed`);

  // Once a reader can have got 404, the image never comes back.
  for (const { columns } of table.history())
    if (columns.status === "deleting" && keys.has(`${columns.owner}/${columns.RowKey}`))
      violations.push(`the image ${columns.RowKey} came back after its deletion had begun`);
  violations.push(...findPublicViolations(world));

  for (const { id, owner, content, isDeletionRequested, isDeleted } of known.values()) {
    const record = records.find((each) => each.owner === owner && each.id === id);
    if (isDeleted && record) violations.push(`the image ${id} came back after its deletion`);
    if (isDeletionRequested) continue;
    const original = record && bytesOf(originals.blobs, originalBlobName(record));
    if (!original?.equals(plainImage(content))) violations.push(`the image ${id} is lost`);
  }
  return violations;
}
