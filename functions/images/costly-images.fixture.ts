// Generates small files that are valid images and take much memory or time to decode.
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { pngChunk } from "./hostile-images.fixture.ts";
import { type Size, testImage } from "./test-images.fixture.ts";

const plain = ({ width, height }: Size, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: { r: 51, g: 102, b: 153, alpha: 0.5 } } });

/** Name, language and method in front of the compressed data. */
const textHeaders = {
  zTXt: "Comment\0\0",
  iTXt: "Comment\0\x01\0en\0Kommentar\0",
  iCCP: "Profile\0\0",
};

/** A PNG with compressed texts. Each takes a thousandth of its size, and libvips copies it several times. */
export async function textBomb(type: keyof typeof textHeaders, chunks: number, bytesEach: number): Promise<Buffer> {
  const png = await testImage("png", { width: 16, height: 16 });
  const data = Buffer.concat([Buffer.from(textHeaders[type], "latin1"), deflateSync(Buffer.alloc(bytesEach, 0x61))]);
  const headerEnd = 33;
  const texts = Array.from({ length: chunks }, () => pngChunk(type, data));
  return Buffer.concat([png.subarray(0, headerEnd), ...texts, png.subarray(headerEnd)]);
}

/** Blocks that one code of `REPEATED_SCAN` skips: EOB14, ITU-T T.81 section G.1.2.2. */
const BLOCKS_PER_CODE = 2 ** 15 - 1;
/** A Huffman table with one code, the bit 0 for EOB14, and the header of a scan of all AC coefficients. */
const REPEATED_SCAN = Buffer.from(`ffc400141001${"00".repeat(15)}e0ffda0008010100013f00`, "hex");

/** A grey progressive JPEG that repeats one scan. Each repetition visits every block and takes a hundred bytes. */
export async function scanBomb(size: Size, scans: number): Promise<Buffer> {
  const image = await plain(size).toColourspace("b-w").jpeg({ progressive: true }).toBuffer();
  const blocks = Math.ceil(size.width / 8) * Math.ceil(size.height / 8);
  const bits = `0${"1".repeat(14)}`.repeat(Math.ceil(blocks / BLOCKS_PER_CODE));
  const bytes = bits.match(/.{1,8}/g)?.flatMap((byte) => {
    const value = Number.parseInt(byte.padEnd(8, "1"), 2);
    // FF is escaped by 00.
    return value === 0xff ? [value, 0] : [value];
  });
  const scan = Buffer.concat([REPEATED_SCAN, Buffer.from(bytes ?? [])]);
  return Buffer.concat([image.subarray(0, -2), ...Array<Buffer>(scans).fill(scan), image.subarray(-2)]);
}

/** More colours than the palette of a lossless WebP holds, which would pack the pixels. */
function gradient({ width, height }: Size) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      pixels.set([(x >> 5) & 255, (y >> 5) & 255, ((x ^ y) >> 6) & 255], (y * width + x) * 3);
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** Large images, mostly of one colour, which compress to a few kilobytes, by what makes their decode expensive. */
export const costlyImages = {
  "AVIF, 8 bits": (size: Size) => plain(size).avif({ effort: 0 }).toBuffer(),
  "AVIF, 12 bits with alpha": (size: Size) =>
    plain(size, 4).avif({ effort: 0, bitdepth: 12, chromaSubsampling: "4:4:4" }).toBuffer(),
  "PNG, 16 bits, interlaced": (size: Size) =>
    plain(size, 4).toColourspace("rgb16").png({ progressive: true, compressionLevel: 1 }).toBuffer(),
  "PNG, 16 bits": (size: Size) => plain(size, 4).toColourspace("rgb16").png({ compressionLevel: 1 }).toBuffer(),
  "JPEG, CMYK, progressive": (size: Size) => plain(size).toColourspace("cmyk").jpeg({ progressive: true }).toBuffer(),
  "JPEG, progressive": (size: Size) => plain(size).jpeg({ progressive: true, chromaSubsampling: "4:4:4" }).toBuffer(),
  "WebP, lossless": (size: Size) => gradient(size).webp({ lossless: true, effort: 0 }).toBuffer(),
  GIF: (size: Size) => plain(size).gif({ effort: 1 }).toBuffer(),
} satisfies Record<string, (size: Size) => Promise<Buffer>>;
