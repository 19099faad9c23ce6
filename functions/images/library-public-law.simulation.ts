// What must hold of public copies: in a quiet library, and at every moment.
import type { StoredImage } from "../lib/image.ts";
import { isPublic, parsePublicBlobName, publicBlobName, variantBlobName } from "../lib/image-variants.ts";
import { PARTITION } from "./gallery-rows.ts";
import { fromRow, type Row } from "./image-rows.ts";
import type { World } from "./library.simulation.ts";
import { galleryEntry } from "./publisher.ts";

export const recordsOf = ({ table }: Pick<World, "table">): readonly StoredImage[] =>
  table
    .rows()
    .filter(({ columns }) => columns.status !== undefined)
    .map(({ columns }) => fromRow({ ...(columns as unknown as Row), rowKey: String(columns.RowKey) }));

const galleryRowsOf = ({ table }: World) => table.rows().filter(({ columns }) => columns.PartitionKey === PARTITION);

/** The site has the variants of public images and nothing else, and each has its row, which has settled. */
export function findPublicViolations(world: World): string[] {
  const violations: string[] = [];
  const shown = recordsOf(world).filter(({ visibility }) => visibility === "public");
  const expected = shown.flatMap((record) =>
    (record.variants ?? []).map(({ name }) => ({ record, name, copy: publicBlobName(record.id, name) })),
  );
  for (const { copy, name, record } of expected) {
    const stored = world.copies.blobs.get(copy)?.bytes;
    const variant = world.thumbnails.blobs.get(variantBlobName(record, name))?.bytes;
    if (!stored) violations.push(`the public image ${record.id} has no copy ${name}`);
    else if (variant && !stored.equals(variant)) violations.push(`the copy ${copy} is not the variant`);
  }
  for (const name of world.copies.blobs.keys())
    if (!expected.some(({ copy }) => copy === name)) violations.push(`the copy ${name} is of no public image`);
  const rows = galleryRowsOf(world);
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

/** Copies that no public record allows, and that neither a row that is due nor a deletion is going to remove. */
export function findStrayCopies(world: World): string[] {
  const kept = new Set<unknown>();
  for (const record of recordsOf(world)) if (isPublic(record) || record.status === "deleting") kept.add(record.id);
  for (const { columns } of galleryRowsOf(world)) if (columns.dueAt !== undefined) kept.add(columns.RowKey);
  return [...world.copies.blobs.keys()].filter((name) => !kept.has(parsePublicBlobName(name)));
}

/** Copies that no public record allows. */
export function findWithdrawnCopies(world: World): string[] {
  const shown = new Set(
    recordsOf(world)
      .filter(isPublic)
      .map(({ id }) => id),
  );
  return [...world.copies.blobs.keys()].filter((name) => !shown.has(parsePublicBlobName(name) ?? ""));
}
