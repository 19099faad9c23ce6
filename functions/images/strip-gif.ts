// A GIF without metadata: its frames, their timing and the number of loops. Pure.
// Source: https://www.w3.org/Graphics/GIF/spec-gif89a.txt; Netscape's loop extension is what all browsers read.
import { blocksOf, EXTENSION, TRAILER } from "../lib/decode/gif-blocks.ts";

const CONTROL = 0xf9;
const APPLICATION = 0xff;
/** Of a graphic control extension without further sub-blocks. */
const CONTROL_BYTES = 8;
const LOOPS = ["NETSCAPE2.0", "ANIMEXTS1.0"];
/** Of the loop extension as a whole. */
const LOOP_BYTES = 19;

function isShown(block: Buffer): boolean {
  if (block[0] !== EXTENSION) return true;
  if (block[1] === CONTROL) return block.length === CONTROL_BYTES;
  return block[1] === APPLICATION && block.length === LOOP_BYTES && LOOPS.includes(block.toString("latin1", 3, 14));
}

/** A complete GIF, so it ends with its trailer. */
export function stripGif(bytes: Uint8Array): Buffer {
  const gif = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = [...blocksOf(gif)];
  const kept = starts.map((start, index) => gif.subarray(start, starts[index + 1] ?? start + 1)).filter(isShown);
  return Buffer.concat([
    gif.subarray(0, starts[0]),
    ...kept.filter((block) => block[0] !== TRAILER),
    Buffer.of(TRAILER),
  ]);
}
