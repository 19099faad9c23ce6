// Whether a GIF is complete: the decoder reads only the first frame and would miss later ones that are cut off. Pure.

const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = 0x3b;

/** Size in bytes of the colour table that the flags announce. */
const colourTableBytes = (flags = 0) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/**
 * Walks the blocks of a GIF by their lengths, up to the trailer, without decoding them.
 * Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 */
export function isCompleteGif(bytes: Uint8Array): boolean {
  let at = 13 + colourTableBytes(bytes[10]);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === TRAILER) return true;
    if (kind === EXTENSION) at += 2;
    else if (kind === FRAME) at += 11 + colourTableBytes(bytes[at + 9]);
    else return false;
    // Data sub-blocks: a length of up to 255, then that many bytes; length 0 ends the list.
    while (bytes[at]) at += 1 + (bytes[at] as number);
    at += 1;
  }
  return false;
}
