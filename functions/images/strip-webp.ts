// A WebP without metadata: the chunks of the image or the animation. Pure.
// Source: https://developers.google.com/speed/webp/docs/riff_container
import { AppError } from "../lib/errors.ts";

const HEAD = 8;
/** Flags of the chunk VP8X: colour profile, EXIF and XMP. */
const METADATA_FLAGS = 0x20 | 0x08 | 0x04;
/** Bytes of the fixed part; an unknown rest is dropped. */
const FIXED: Readonly<Record<string, number>> = { VP8X: 10, ANIM: 6 };
const FRAME_HEADER = 16;
const IMAGE = ["VP8 ", "VP8L", "ALPH"];
const CONTAINER = ["VP8X", "ANIM", "ANMF", ...IMAGE];
/** With those inside of frames. Bounds how long a walk of a hostile file takes; ten thousand frames have fewer. */
const MAX_CHUNKS = 30_000;

/**
 * @param walk counts the chunks of several parts of one file
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 30,000 chunks
 */
function* chunksOf(
  data: Buffer,
  walk: { chunks: number },
): Generator<{ readonly type: string; readonly data: Buffer }> {
  for (let at = 0; at + HEAD <= data.length; ) {
    walk.chunks += 1;
    if (walk.chunks > MAX_CHUNKS)
      throw new AppError(
        "UNPROCESSABLE_IMAGE",
        `A WebP may have at most ${MAX_CHUNKS} chunks, and this one has more: save it again.`,
      );
    const end = at + HEAD + data.readUInt32LE(at + 4);
    yield { type: data.toString("latin1", at, at + 4), data: data.subarray(at + HEAD, end) };
    at = end + (end % 2);
  }
}

function chunk(type: string, data: Buffer): Buffer[] {
  const head = Buffer.from(`${type}\0\0\0\0`, "latin1");
  head.writeUInt32LE(data.length, 4);
  return data.length % 2 ? [head, data, Buffer.alloc(1)] : [head, data];
}

function stripChunk({ type, data }: { type: string; data: Buffer }, walk: { chunks: number }): Buffer[] {
  if (!CONTAINER.includes(type) || data.length === 0) return [];
  if (type === "ANMF") {
    const images = [...chunksOf(data.subarray(FRAME_HEADER), walk)].filter((part) => IMAGE.includes(part.type));
    return chunk(
      type,
      Buffer.concat([data.subarray(0, FRAME_HEADER), ...images.flatMap((part) => chunk(part.type, part.data))]),
    );
  }
  const fixed = Buffer.from(data.subarray(0, FIXED[type]));
  if (type === "VP8X") fixed.writeUInt8(fixed.readUInt8(0) & ~METADATA_FLAGS, 0);
  return chunk(type, fixed);
}

/**
 * @param bytes of a complete WebP, so its lengths are right
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 30,000 chunks
 */
export function stripWebp(bytes: Uint8Array): Buffer {
  const webp = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = webp.subarray(12, HEAD + webp.readUInt32LE(4));
  const walk = { chunks: 0 };
  const kept = Buffer.concat([...chunksOf(body, walk).flatMap((part) => stripChunk(part, walk))]);
  return Buffer.concat([...chunk("RIFF", Buffer.concat([Buffer.from("WEBP"), kept]))]);
}

/**
 * Whether a still WebP is lossless.
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 30,000 chunks
 */
export const isLosslessWebp = (bytes: Uint8Array): boolean => {
  const webp = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return chunksOf(webp.subarray(12), { chunks: 0 }).some(({ type }) => type === "VP8L");
};
