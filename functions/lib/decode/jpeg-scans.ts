// The scans of a JPEG, counted without decoding them. Pure.

const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** Baseline, extended and progressive, all with Huffman coding. Browsers show no other kind. */
const SUPPORTED = [0xc0, 0xc1, 0xc2];
const PROGRESSIVE = 0xc2;
const SCAN = 0xda;
const END = 0xd9;
/** 00 escapes FF inside a scan; the others are markers without a length. */
const isStandalone = (marker: number) => marker <= 1 || (marker >= 0xd0 && marker <= 0xd8);

export type JpegScans = {
  readonly scans: number;
  /** Whether the decoder holds the coefficients of the whole image: every scan has only a part of them. */
  readonly isBuffered: boolean;
  /** Whether the image uses a coding that browsers cannot show, such as arithmetic coding. */
  readonly isUnsupported: boolean;
};

/**
 * Follows the markers to the end of the image as libjpeg does, in one pass, whatever the bytes are. Each scan of a
 * progressive JPEG visits every block of the image, however few bytes it has.
 * Source: ITU-T T.81, annex B.
 */
export function readJpegScans(bytes: Uint8Array): JpegScans {
  const byteAt = (at: number) => bytes[at] ?? 0;
  let scans = 0;
  let components = 0;
  let isBuffered = false;
  let isUnsupported = false;
  let at = 2;
  while (at < bytes.length) {
    if (bytes[at++] !== 0xff) continue;
    while (bytes[at] === 0xff) at++;
    const marker = byteAt(at++);
    if (marker === END) break;
    if (isStandalone(marker)) continue;
    if (isFrame(marker)) {
      components = byteAt(at + 7);
      isBuffered ||= marker === PROGRESSIVE;
      isUnsupported ||= !SUPPORTED.includes(marker);
    } else if (marker === SCAN) {
      scans++;
      isBuffered ||= byteAt(at + 2) < components;
    }
    at += Math.max(2, byteAt(at) * 256 + byteAt(at + 1));
  }
  return { scans, isBuffered, isUnsupported };
}
