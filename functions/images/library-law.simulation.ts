// What must hold in a quiet library: the law that the model checks at the end of each schedule.
import type { StoredImage, StoredVariant } from "../lib/image.ts";
import { originalBlobName, parseOriginalBlobName } from "../lib/image.ts";
import { publicBlobName, variantBlobName } from "../lib/image-variants.ts";
import { PARTITION } from "./gallery-rows.ts";
import { fromRow, type Row } from "./image-rows.ts";
import type { Outcome } from "./library-schedule.simulation.ts";
import { plainImage, variantOf } from "./plain-decoder.fixture.ts";
import { galleryEntry } from "./publisher.ts";

type Blobs = Outcome["world"]["originals"]["blobs"];
const bytesOf = (blobs: Blobs, name: string) => blobs.get(name)?.bytes;
/** `{owner}/{id}` of a blob of an image. */
const imageOf = (name: string) => name.slice(0, name.lastIndexOf("/"));

/** The site has the variants of public images and nothing else, and each has its row, which has settled. */
function findPublicViolations({ world }: Outcome, records: readonly StoredImage[]): string[] {
  const violations: string[] = [];
  const shown = records.filter(({ visibility }) => visibility === "public");
  const expected = shown.flatMap((record) =>
    (record.variants ?? []).map(({ name }) => ({ record, name, copy: publicBlobName(record.id, name) })),
  );
  for (const { copy, name, record } of expected) {
    const stored = bytesOf(world.copies.blobs, copy);
    const variant = bytesOf(world.thumbnails.blobs, variantBlobName(record, name));
    if (!stored) violations.push(`the public image ${record.id} has no copy ${name}`);
    else if (variant && !stored.equals(variant)) violations.push(`the copy ${copy} is not the variant`);
  }
  for (const name of world.copies.blobs.keys())
    if (!expected.some(({ copy }) => copy === name)) violations.push(`the copy ${name} is of no public image`);
  const rows = world.table.rows().filter(({ columns }) => columns.PartitionKey === PARTITION);
  for (const { columns } of rows) {
    if (!shown.some(({ id }) => id === columns.RowKey))
      violations.push(`the row ${columns.RowKey} is of no public image`);
    if (columns.dueAt !== undefined) violations.push(`the row ${columns.RowKey} is still due`);
  }
  for (const record of shown) {
    const entry = rows.find(({ columns }) => columns.RowKey === record.id)?.columns.entry;
    if (entry !== JSON.stringify(galleryEntry(record))) violations.push(`the gallery has another ${record.id}`);
  }
  return violations;
}

/** @returns what is wrong; empty if the law holds */
export function findViolations(outcome: Outcome): string[] {
  const { known, violations: seen, world } = outcome;
  const violations = [...seen];
  for (const name of world.overwritten) violations.push(`the original ${name} was overwritten`);
  const { originals, thumbnails, staged, table } = world;
  const rows = table.rows().filter(({ columns }) => columns.status !== undefined);
  const records = rows.map(({ columns }) =>
    fromRow({ ...(columns as unknown as Row), rowKey: String(columns.RowKey) }),
  );
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
  violations.push(...findPublicViolations(outcome, records));

  for (const { id, owner, content, isDeletionRequested, isDeleted } of known.values()) {
    const record = records.find((each) => each.owner === owner && each.id === id);
    if (isDeleted && record) violations.push(`the image ${id} came back after its deletion`);
    if (isDeletionRequested) continue;
    const original = record && bytesOf(originals.blobs, originalBlobName(record));
    if (!original?.equals(plainImage(content))) violations.push(`the image ${id} is lost`);
  }
  return violations;
}
