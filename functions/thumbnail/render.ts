// Renders the thumbnail of an image: upright, small, sRGB, without metadata. Bytes in, bytes out.
import type { OpenImage } from "../lib/sharp.ts";

/** Longest edge in pixels. */
export const THUMBNAIL_EDGE = 256;
const QUALITY = 80;
/** 0 to 6: higher values take noticeably longer and save few bytes (npm run bench -- thumbnail). */
const EFFORT = 1;

export type Thumbnail = {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
  readonly size: number;
};

/**
 * The first frame as WebP, rotated by its EXIF orientation, at most 256 pixels on its longest edge and never enlarged.
 * sharp's defaults convert colours to sRGB and drop all metadata, including the location.
 * @throws {Error} when libvips cannot read the whole image
 */
export async function renderThumbnail(bytes: Uint8Array, open: OpenImage): Promise<Thumbnail> {
  const { data, info } = await open(bytes)
    .autoOrient()
    .resize(THUMBNAIL_EDGE, THUMBNAIL_EDGE, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .webp({ quality: QUALITY, effort: EFFORT })
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height, size: info.size };
}
