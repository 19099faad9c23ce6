// What a page shows before an image has loaded: its ThumbHash, its dominant colour and a placeholder.
import { rgbaToThumbHash } from "thumbhash";
import { MAX_PLACEHOLDER, placeholderUrl } from "../lib/image-variants.ts";
import type { OpenImage } from "../lib/sharp.ts";
import { fitPixels, openPixels, type Pixels } from "./pixels.ts";

export type Preview = {
  /** Base64. */
  readonly thumbHash: string;
  /** `#rrggbb` */
  readonly dominantColor: string;
  /** Base64 of a WebP of at most 16 pixels; none where the image is transparent. */
  readonly placeholder?: string;
};

/** ThumbHash's own limit for its input. */
const HASH_EDGE = 100;
const PLACEHOLDER_EDGES = [16, 8];
async function createPlaceholder(open: OpenImage, pixels: Pixels): Promise<string | undefined> {
  for (const edge of PLACEHOLDER_EDGES) {
    const small = openPixels(open, pixels).resize(edge, edge, { fit: "inside", withoutEnlargement: true });
    const base64 = (await small.webp({ quality: 40 }).toBuffer()).toString("base64");
    if (placeholderUrl(base64).length <= MAX_PLACEHOLDER) return base64;
  }
  return undefined;
}

const hex = (value: number) => Math.round(value).toString(16).padStart(2, "0");

/** Transparent parts count as white for the dominant colour, because most pages are. */
export async function createPreview(open: OpenImage, pixels: Pixels): Promise<Preview> {
  const small = await fitPixels(openPixels(open, pixels).ensureAlpha(), HASH_EDGE);
  const thumbHash = Buffer.from(rgbaToThumbHash(small.width, small.height, small.data)).toString("base64");
  const flat = await fitPixels(openPixels(open, small).flatten({ background: "white" }), HASH_EDGE);
  const { dominant } = await openPixels(open, flat).stats();
  const isOpaque = small.data.every((value, index) => index % 4 !== 3 || value === 255);
  const placeholder = isOpaque ? await createPlaceholder(open, flat) : undefined;
  const dominantColor = `#${hex(dominant.r)}${hex(dominant.g)}${hex(dominant.b)}`;
  return { thumbHash, dominantColor, ...(placeholder && { placeholder }) };
}
