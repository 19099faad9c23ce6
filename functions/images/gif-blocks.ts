// Whether a GIF is there to its end: its decoder shows the first frame and never looks at the others. Pure.

const EXTENSION = 0x21;
const FRAME = 0x2c;
const TRAILER = 0x3b;

/** Bytes of a colour table, by the flags that announce it. */
const tableBytes = (flags = 0) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);

/**
 * Follows the blocks of a GIF, by their lengths, to its trailer; what they hold is not decoded.
 * Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt
 */
export function gifIsWhole(bytes: Uint8Array): boolean {
  let at = 13 + tableBytes(bytes[10]);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === TRAILER) return true;
    if (kind === EXTENSION) at += 2;
    else if (kind === FRAME) at += 11 + tableBytes(bytes[at + 9]);
    else return false;
    // The data follow in parts of up to 255 bytes, each after its length, until one of length 0.
    while (bytes[at]) at += 1 + (bytes[at] as number);
    at += 1;
  }
  return false;
}
