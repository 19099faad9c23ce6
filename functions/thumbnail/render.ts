// Renders the thumbnail of an image: upright, small, sRGB, without metadata. Bytes in, bytes out.
import type { OpenImage } from "../lib/sharp.ts";

/** Longest edge in pixels. */
export const THUMBNAIL_EDGE = 256;
const QUALITY = 80;
/** 0 to 6: higher values take noticeably longer and save few bytes (npm run bench -- thumbnail). */
const EFFORT = 1;
/** A flat graphic has at most this many colours. A photo of 256 pixels has tens of thousands. */
const FLAT_COLOURS = 2_048;

export type Thumbnail = {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
  readonly size: number;
};

function isFlat(pixels: Buffer, channels: number): boolean {
  const colours = new Set<number>();
  for (let at = 0; at < pixels.length && colours.size <= FLAT_COLOURS; at += channels)
    colours.add(pixels.readUIntBE(at, channels));
  return colours.size <= FLAT_COLOURS;
}

/**
 * The first frame as WebP, rotated by its EXIF orientation, at most 256 pixels on its longest edge and never enlarged.
 * sharp's defaults convert colours to sRGB and drop all metadata, including the location. Lossy WebP halves the
 * resolution of colours, which blurs thin lines and text: a flat graphic is encoded without loss where that is smaller.
 * @throws {Error} when libvips cannot read the whole image
 */
export async function renderThumbnail(bytes: Uint8Array, open: OpenImage): Promise<Thumbnail> {
  const { data: pixels, info } = await open(bytes)
    .autoOrient()
    .resize(THUMBNAIL_EDGE, THUMBNAIL_EDGE, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const encode = (lossless: boolean) =>
    open(pixels, { raw: { width, height, channels } }).webp({ quality: QUALITY, effort: EFFORT, lossless }).toBuffer();
  let data = await encode(false);
  if (isFlat(pixels, channels)) {
    const exact = await encode(true);
    if (exact.length <= data.length) data = exact;
  }
  return { bytes: data, width, height, size: data.length };
}
