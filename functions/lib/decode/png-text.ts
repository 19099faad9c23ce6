// The size of a PNG's compressed texts and colour profile, inflated with a bound.
import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { AppError } from "../errors.ts";

/** On another thread: inflating megabytes would delay all other requests. */
const inflateAsync = promisify(inflate);

/** Deflate stores at most 1,032 bytes in one. https://zlib.net/zlib_tech.html */
const MAX_RATIO = 1_032;
const HEADER_BYTES = 8;
const CHUNK_OVERHEAD = 12;
/** Counted for a shorter one: each call of zlib takes time. */
const MIN_BYTES = 8_000;

/** Bounds what a hostile file can make the walk cost. A PNG of 10 MiB has some thousand chunks. */
const MAX_CHUNKS = 100_000;

/** Where the compressed data of a chunk begin; undefined when nothing in it is compressed. */
function compressedStart(type: string, data: Buffer): number | undefined {
  if (type !== "zTXt" && type !== "iCCP" && type !== "iTXt") return undefined;
  const afterName = data.indexOf(0) + 1;
  if (type !== "iTXt") return afterName + 1;
  if (data[afterName] !== 1) return undefined;
  const afterLanguage = data.indexOf(0, afterName + 2) + 1;
  return data.indexOf(0, afterLanguage) + 1;
}

async function inflatedBytes(data: Buffer, limit: number): Promise<number> {
  try {
    return Math.max(MIN_BYTES, (await inflateAsync(data, { maxOutputLength: limit + 1 })).length);
  } catch {
    // Too long, or broken: libpng may inflate a part of it.
    return Math.max(MIN_BYTES, Math.min(limit + 1, data.length * MAX_RATIO));
  }
}

/**
 * Sum of the inflated bytes, or more than the limit once it is exceeded. libpng bounds each chunk, not their sum, and
 * libvips copies each several times.
 * Source: https://www.w3.org/TR/png-3/#11Chunks
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 100,000 chunks
 */
export async function inflatedTextBytes(bytes: Uint8Array, limit: number): Promise<number> {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  let at = HEADER_BYTES;
  for (let chunks = 1; sum <= limit && at + CHUNK_OVERHEAD <= png.length; chunks++) {
    if (chunks > MAX_CHUNKS)
      throw new AppError(
        "UNPROCESSABLE_IMAGE",
        `A PNG may have at most ${MAX_CHUNKS} chunks, and this one has more: save it again.`,
      );
    const length = png.readUInt32BE(at);
    const data = png.subarray(at + 8, at + 8 + length);
    const start = compressedStart(png.toString("latin1", at + 4, at + 8), data);
    if (start !== undefined) sum += await inflatedBytes(data.subarray(start), limit - sum);
    at += CHUNK_OVERHEAD + length;
  }
  return sum;
}
