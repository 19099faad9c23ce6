// What timers do for public images: finish interrupted changes, and compare the copies with rows and records.
import type { BlobContainer } from "../lib/azure/blobs.ts";
import type { ImageRecords, StoredImage } from "../lib/image.ts";
import { isPublic, PUBLIC_PREFIX, parsePublicBlobName, publicBlobName } from "../lib/image-variants.ts";
import type { Log } from "../lib/log.ts";
import type { GalleryRow, GalleryRows } from "./gallery-rows.ts";
import { UUID_V7 } from "./image-rows.ts";
import { galleryEntry, type Publisher } from "./publisher.ts";

type Run = {
  readonly log: Pick<Log, "info" | "warn">;
  /** Milliseconds after which no further image is started; a later run takes the rest. */
  readonly runMs: number;
  readonly now?: number;
};

export type PublicRepairDeps = {
  readonly galleryRows: Pick<GalleryRows, "find" | "list">;
  readonly publisher: Pick<Publisher, "sync">;
  readonly images: Pick<ImageRecords, "published">;
  /** The container `$web`. */
  readonly site: Pick<BlobContainer, "page" | "remove">;
};

const PAGE_SIZE = 5_000;

/** Runs `repair` for one image after another until the time is over; one that fails does not block the others. */
function startRun({ log, runMs }: Run, message: string) {
  const startedAt = performance.now();
  return {
    isOver: () => performance.now() - startedAt >= runMs,
    async repair(image: string, repair: () => Promise<void>): Promise<void> {
      try {
        await repair();
        log.info(message, { image });
      } catch (error) {
        log.warn(`${message}-failed`, { image, error });
      }
    },
  };
}

/** Every five minutes: the images whose copies were being changed when a process ended, or when a store failed. */
export async function finishPublications({ galleryRows, publisher }: PublicRepairDeps, run: Run): Promise<void> {
  const { isOver, repair } = startRun(run, "publication-finished");
  for await (const { id, owner } of galleryRows.list({ dueBefore: run.now ?? Date.now() })) {
    if (isOver()) return;
    await repair(id, () => publisher.sync(owner, id));
  }
}

/** Names and ETags of the copies by image. At most 1,000 images are public, so it fits in memory. */
async function listCopies(site: PublicRepairDeps["site"]) {
  const found = new Map<string, { readonly name: string; readonly etag: string }[]>();
  let from: string | undefined;
  do {
    const { blobs, next } = await site.page({ prefix: PUBLIC_PREFIX, max: PAGE_SIZE, ...(from && { from }) });
    for (const { etag, name } of blobs) {
      const id = parsePublicBlobName(name);
      // The page of the site may have files of its own here.
      if (id === undefined || !UUID_V7.test(id)) continue;
      found.set(id, [...(found.get(id) ?? []), { name, etag }]);
    }
    from = next;
  } while (from);
  return found;
}

const namesOf = ({ entry, id }: GalleryRow) => entry?.variants.map(({ name }) => publicBlobName(id, name)) ?? [];
const isEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/**
 * Every hour: each copy has a row, each public record has one, and each row has the copies and says what its record says.
 * Copies are derived, so what differs is repaired, however much it is: after a restored table a copy without a row must go.
 */
export async function auditPublicImages(deps: PublicRepairDeps, run: Run): Promise<void> {
  const { galleryRows, images, publisher, site } = deps;
  const { isOver, repair } = startRun(run, "public-image-repaired");
  // In this order: a row is older than the first copy of its image, and than the write that makes its record public.
  const records = new Map<string, StoredImage>();
  for await (const record of images.published()) if (isPublic(record)) records.set(record.id, record);
  const copies = await listCopies(site);
  const rows = new Map<string, GalleryRow>();
  for await (const row of galleryRows.list()) rows.set(row.id, row);

  for (const [id, blobs] of copies) {
    if (isOver()) return;
    if (rows.has(id) || records.has(id) || (await galleryRows.find(id))) continue;
    await repair(id, async () => {
      for (const { etag, name } of blobs) await site.remove(name, { etag });
    });
  }
  for (const { id, owner } of records.values()) {
    if (isOver()) return;
    if (!rows.has(id)) await repair(id, () => publisher.sync(owner, id));
  }
  for (const row of rows.values()) {
    if (isOver()) return;
    // Another process, or the other timer, is at work.
    if (row.dueAt !== undefined) continue;
    const names = copies.get(row.id)?.map(({ name }) => name) ?? [];
    const isComplete = isEqual(names.sort(), namesOf(row).sort());
    if (isComplete && isEqual(row.entry, galleryEntry(records.get(row.id)))) continue;
    await repair(row.id, () => publisher.sync(row.owner, row.id));
  }
}
