// What the gallery shows, from one query of its rows, kept in the memory of the instance.
import { createHash } from "node:crypto";
import type { GalleryEntry, GalleryRow, GalleryRows } from "./gallery-rows.ts";

export type GalleryImage = Pick<GalleryRow, "id"> & GalleryEntry;

export type Gallery = {
  /** The newest images, newest first, at most `MAX_AGE_MS` old. @throws {AppError} DEPENDENCY_UNAVAILABLE when the table fails */
  read(): Promise<{ readonly images: readonly GalleryImage[]; readonly etag: string }>;
  /** The next read is a new one: a row has changed. */
  forget(): void;
};

export const MAX_SHOWN = 100;
/** One query a minute and instance, for any number of requests. */
export const MAX_AGE_MS = 60_000;

/** The rows with copies, by the time in their ids: the table returns them in no order. */
export const newest = (rows: readonly GalleryRow[]): GalleryImage[] =>
  rows
    .flatMap(({ entry, id }) => (entry ? [{ id, ...entry }] : []))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, MAX_SHOWN);

export function createGallery(rows: Pick<GalleryRows, "list">, now: () => number = Date.now): Gallery {
  let latest: { readonly at: number; readonly result: ReturnType<Gallery["read"]> } | undefined;

  async function load() {
    const found: GalleryRow[] = [];
    for await (const row of rows.list()) found.push(row);
    const images = newest(found);
    const hash = createHash("sha256").update(JSON.stringify(images)).digest("base64url").slice(0, 22);
    return { images, etag: `"${hash}"` };
  }

  return {
    read() {
      if (latest && now() - latest.at < MAX_AGE_MS) return latest.result;
      const started = { at: now(), result: load() };
      latest = started;
      started.result.catch(() => {
        // The next request tries again.
        if (latest === started) latest = undefined;
      });
      return started.result;
    },
    forget() {
      latest = undefined;
    },
  };
}
