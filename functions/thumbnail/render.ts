// Makes the thumbnail of a picture: upright, small, sRGB, without metadata. Bytes in, bytes out.
import type { OpenImage } from "../lib/sharp.ts";

/** Longest edge in pixels. */
export const THUMBNAIL_EDGE = 256;
const QUALITY = 80;
/** Of 0 to 6: more makes the file hardly smaller and the work noticeably longer (npm run bench -- thumbnail). */
const EFFORT = 1;

export type Thumbnail = {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
  readonly size: number;
};

/**
 * The first frame, turned as the camera was held, at most 256 pixels on its longest edge and never enlarged, as WebP.
 * Colours become sRGB and metadata, where the picture was taken included, stays behind: sharp's defaults.
 * @throws {Error} when the bytes are no picture that libvips can read whole
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
