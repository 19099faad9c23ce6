// Links to the small variants of images, issued in lists and used until shortly before they expire.
import { call } from "../account.ts";
import { createStore } from "../store.ts";
import type { Image } from "./library.ts";

/** Stable links are the same URL for an hour, so the browser caches the images. */
const SECONDS = 3_600;
const MARGIN_MS = 60_000;
/** A list costs one request of the rate limit per item. */
const MAX_ITEMS = 25;

type Link = { readonly url: string; readonly expiresAt: number };

export const thumbnails = createStore<ReadonlyMap<string, Link>>(new Map());
const requested = new Set<string>();

const isMissing = ({ id, variants }: Image) =>
  (variants?.length ?? 0) > 0 &&
  !requested.has(id) &&
  (thumbnails.get().get(id)?.expiresAt ?? 0) < Date.now() + MARGIN_MS;

/** Requests the links that are missing. Without one, a card shows the colour of its image. */
export async function loadThumbnails(images: readonly Image[]): Promise<void> {
  const missing = images.filter(isMissing);
  for (let at = 0; at < missing.length; at += MAX_ITEMS) {
    const batch = missing.slice(at, at + MAX_ITEMS);
    for (const { id } of batch) requested.add(id);
    const body = batch.map(({ id }) => ({
      imageId: id,
      variant: "thumbnail",
      expiresIn: SECONDS,
      stable: true,
    }));
    try {
      const { data } = await call("sas-issue", { body });
      const items = "items" in data ? data.items : [data];
      const links = items.flatMap((item) =>
        "url" in item ? [[item.imageId, { url: item.url, expiresAt: Date.parse(item.expiresAt) }] as const] : [],
      );
      thumbnails.set(new Map([...thumbnails.get(), ...links]));
    } catch {
      // The next change of the list tries again.
    }
    for (const { id } of batch) requested.delete(id);
  }
}
