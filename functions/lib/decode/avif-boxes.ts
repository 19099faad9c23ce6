// Walks the boxes of an AVIF, without decoding them: whether it is animated, complete, and has a still image. Pure.
// Sources: ISO/IEC 14496-12 section 4.2 (boxes), https://aomediacodec.github.io/av1-avif/ section 6 (brands).

type Box = { readonly type: string; readonly start: number; readonly end: number };

const textAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));

/** Bounds on what a hostile file can make the walks cost. Real files have about five boxes, and ten brands. */
const MAX_BOXES = 1_000;
const MAX_BRANDS_BYTES = 256;

/** The boxes of the top level. The end of the last one is behind the end of a truncated file. */
function* boxesOf(bytes: Uint8Array): Generator<Box> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0, count = 0; start + 16 <= bytes.byteLength && count < MAX_BOXES; count++) {
    const type = textAt(bytes, start + 4);
    // Anything else is data behind the image.
    if (!/^[\x20-\x7e]{4}$/.test(type)) return;
    const size = view.getUint32(start);
    // 1: the size follows in 64 bits. 0: up to the end of the file.
    const length = size === 1 ? Number(view.getBigUint64(start + 8)) : size || bytes.byteLength - start;
    if (length < 8) return;
    yield { type, start, end: start + length };
    start += length;
  }
}

/** Whether the file type box declares an image sequence (brand `avis`). */
export function isAnimatedAvif(bytes: Uint8Array): boolean {
  const [first] = boxesOf(bytes);
  if (first?.type !== "ftyp") return false;
  const end = Math.min(first.end, bytes.byteLength, MAX_BRANDS_BYTES);
  for (let at = 8; at < end; at += 4) if (textAt(bytes, at) === "avis") return true;
  return false;
}

/** Whether all boxes are complete: the decoder reads only the still image and would miss frames that are cut off. */
export const isCompleteAvif = (bytes: Uint8Array) => boxesOf(bytes).every(({ end }) => end <= bytes.byteLength);

/** Whether there is a still image, the first frame of the sequence. */
export const hasStillImage = (bytes: Uint8Array) => boxesOf(bytes).some(({ type }) => type === "meta");

/**
 * An AVIF whose major brand is that of a still image. libvips accepts no file with `avis` there (heifload.c), but reads
 * its still image, the first frame, under this brand.
 */
export function withStillBrand(bytes: Uint8Array): Uint8Array {
  if (textAt(bytes, 4) !== "ftyp" || textAt(bytes, 8) !== "avis") return bytes;
  const copy = Buffer.from(bytes);
  copy.write("avif", 8, "latin1");
  return copy;
}

const SPATIAL_EXTENTS = Buffer.from("ispe\0\0\0\0", "latin1");

/**
 * Pixels of the largest part: the image, its alpha channel, its tiles or its preview. The header has only the image's.
 * Found by name and version, wherever the box is. Source: ISO/IEC 23008-12 section 6.5.3.
 */
export function largestPartPixels(bytes: Uint8Array): number {
  const avif = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let most = 0;
  for (let at = avif.indexOf(SPATIAL_EXTENTS); at >= 0; at = avif.indexOf(SPATIAL_EXTENTS, at + 4)) {
    // A size of 1 means that the size follows in 64 bits.
    const start = at + 8 + (at >= 4 && avif.readUInt32BE(at - 4) === 1 ? 8 : 0);
    if (start + 8 <= avif.length) most = Math.max(most, avif.readUInt32BE(start) * avif.readUInt32BE(start + 4));
  }
  return most;
}
