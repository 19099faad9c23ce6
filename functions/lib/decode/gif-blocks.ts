// Walks the blocks of a GIF by their lengths, without decoding them: whether it is complete, and where it is
// transparent. Pure. Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt

export const EXTENSION = 0x21;
const FRAME = 0x2c;
export const TRAILER = 0x3b;

/** Size in bytes of the colour table that the flags announce. */
const colourTableBytes = (flags = 0) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/** Bounds what a hostile file can make a walk cost. A GIF of 10 MiB has some thousand frames, with two blocks each. */
const MAX_BLOCKS = 100_000;

/** Yields the position of each block; the last is the trailer if the GIF is complete. */
export function* blocksOf(bytes: Uint8Array): Generator<number> {
  let at = 13 + colourTableBytes(bytes[10]);
  for (let count = 0; at < bytes.length && count < MAX_BLOCKS; count++) {
    yield at;
    const kind = bytes[at];
    if (kind === EXTENSION) at += 2;
    else if (kind === FRAME) at += 11 + colourTableBytes(bytes[at + 9]);
    else return;
    // Data sub-blocks: a length of up to 255, then that many bytes; length 0 ends the list.
    while (bytes[at]) at += 1 + (bytes[at] as number);
    at += 1;
  }
}

/** Whether a GIF is complete: the decoder reads only the first frame and would miss later ones that are cut off. */
export function isCompleteGif(bytes: Uint8Array): boolean {
  for (const at of blocksOf(bytes)) if (bytes[at] === TRAILER) return true;
  return false;
}

/** A graphic control extension with transparency, then a frame of one pixel in colour 0. */
const TRANSPARENT_FRAME = Buffer.from("21f90401000000002c00000000010001000002024401003b", "hex");

/**
 * A GIF whose first frame leaves part of the canvas free, with one more, transparent frame at its end. libvips gives a
 * GIF an alpha channel only if some frame declares transparency, and would fill the free part with black.
 */
export function withTransparentCanvas(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let isFirst = true;
  for (const at of blocksOf(bytes)) {
    if (bytes[at] === TRAILER) return Buffer.concat([bytes.subarray(0, at), TRANSPARENT_FRAME]);
    if (bytes[at] !== FRAME || !isFirst || at + 10 > bytes.length) continue;
    isFirst = false;
    const [left, top, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
    const coversCanvas =
      left === 0 && top === 0 && width === view.getUint16(6, true) && height === view.getUint16(8, true);
    if (coversCanvas) return bytes;
  }
  return bytes;
}
