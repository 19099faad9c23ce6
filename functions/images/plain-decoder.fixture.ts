// Instead of libvips in models: an image of four pixels that follow from its bytes, and encodes that name their format.
import { createHash } from "node:crypto";
import type { ImageHeader } from "../lib/decode/decode-weight.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import type { VariantFormat } from "../lib/image.ts";
import type { OpenImage } from "../lib/sharp.ts";

const SIZE = { width: 2, height: 2 };
const CHANNELS = 4;

const pixelsOf = (bytes: Uint8Array) =>
  createHash("sha256")
    .update(bytes)
    .digest()
    .subarray(0, SIZE.width * SIZE.height * CHANNELS);

const encode = (pixels: Uint8Array, format: VariantFormat) => Buffer.concat([Buffer.from(format), pixels]);

/** The variant that the app stores of an original. */
export const variantOf = (original: Uint8Array, format: VariantFormat): Buffer => encode(pixelsOf(original), format);

/** The methods of a pipeline of sharp that the app calls. */
function pipeline(pixels: Uint8Array) {
  let output = Buffer.from(pixels);
  const same = () => image;
  const as = (format: VariantFormat) => () => {
    output = encode(pixels, format);
    return image;
  };
  const image = {
    ...{ autoOrient: same, resize: same, toColourspace: same, raw: same, ensureAlpha: same, flatten: same },
    ...{ avif: as("avif"), webp: as("webp"), png: as("png"), jpeg: as("jpeg") },
    stats: async () => ({ dominant: { r: 1, g: 2, b: 3 } }),
    toBuffer: async ({ resolveWithObject = false } = {}) =>
      resolveWithObject ? { data: output, info: { ...SIZE, channels: CHANNELS } } : output,
  };
  return image;
}

const open = ((bytes: Uint8Array, { raw }: { raw?: object } = {}) =>
  pipeline(raw ? bytes : pixelsOf(bytes))) as unknown as OpenImage;

const header = { format: "png", depth: "uchar", channels: CHANNELS } as unknown as ImageHeader;

export const plainDecoder: Decoder = {
  decode: (_bytes, _patience, work) => work(open, SIZE, header),
  process: (_weight, _patience, work) => work(open),
};

/** Bytes that the intake takes for an image, in a buffer that can be detached; other content is another image. */
export const plainImage = (content: string): Buffer<ArrayBuffer> =>
  Buffer.from(new Uint8Array(Buffer.from(`\x89PNG\r\n\x1a\n${content}`, "latin1")).buffer);
