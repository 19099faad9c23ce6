// Which variants an image gets: by its size and format, and the widths of the settings. Pure.
import type { VariantFormat } from "../lib/image.ts";

const FORMATS: Readonly<Record<string, readonly VariantFormat[]>> = {
  "image/jpeg": ["avif", "webp", "jpeg"],
  "image/png": ["avif", "webp", "png"],
  // The first frame of an animation, with all its colours and its transparency, for every browser.
  "image/gif": ["avif", "webp", "png"],
};

/** AVIF, WebP, and what the original is, so that every client that reads the original can read a variant. */
export function formatsFor(contentType: string): readonly VariantFormat[] {
  return FORMATS[contentType] ?? ["avif", "webp"];
}

/**
 * The widths that an image gets, ascending: those below its longest side, and one at or above, which has its own size.
 * @param widths bounds on the longest side in pixels
 */
export function widthsFor({ width, height }: { width: number; height: number }, widths: readonly number[]): number[] {
  const ascending = widths.toSorted((a, b) => a - b);
  const longest = Math.max(width, height);
  const first = ascending.findIndex((each) => each >= longest);
  return first < 0 ? ascending : ascending.slice(0, first + 1);
}
