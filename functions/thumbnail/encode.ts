// Encodes pixels as one variant. sharp writes no metadata unless asked to, and sRGB needs no colour profile.
import type { VariantFormat } from "../lib/image.ts";
import type { OpenImage } from "../lib/sharp.ts";
import { openPixels, type Pixels } from "./pixels.ts";

export const QUALITY = 80;
/** 0 to 6: higher values take noticeably longer and save few bytes (npm run bench -- thumbnail). */
export const WEBP_EFFORT = 1;
/** 0 to 9: sharp's default of 4 takes seven times as long at 1,280 pixels. The quality is sharp's default. */
export const AVIF = { quality: 50, effort: 2 };
/** A flat graphic has at most this many colours. A photo of 256 pixels has tens of thousands. */
const FLAT_COLOURS = 2_048;

/** Pixels of the longest side of the sample in which colours are counted: all pixels would take the event loop 0.4 s. */
const SAMPLE_EDGE = 256;

/** Whether a sample of the pixels has few colours. None of them is mixed, so a flat graphic always counts as flat. */
async function isFlat(open: OpenImage, pixels: Pixels): Promise<boolean> {
  const { data, info } = await openPixels(open, pixels)
    .resize(SAMPLE_EDGE, SAMPLE_EDGE, { fit: "inside", withoutEnlargement: true, kernel: "nearest" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const colours = new Set<number>();
  for (let at = 0; at < data.length && colours.size <= FLAT_COLOURS; at += info.channels)
    colours.add(data.readUIntBE(at, info.channels));
  return colours.size <= FLAT_COLOURS;
}

/**
 * Lossy WebP halves the resolution of colours, which blurs thin lines and text: a flat graphic is encoded without loss
 * where that is smaller.
 */
async function encodeWebp(open: OpenImage, pixels: Pixels): Promise<Buffer> {
  const encode = (lossless: boolean) =>
    openPixels(open, pixels).webp({ quality: QUALITY, effort: WEBP_EFFORT, lossless }).toBuffer();
  const lossy = await encode(false);
  if (!(await isFlat(open, pixels))) return lossy;
  const exact = await encode(true);
  return exact.length <= lossy.length ? exact : lossy;
}

/** @throws {Error} when libvips cannot encode the pixels */
export function encodeVariant(open: OpenImage, pixels: Pixels, format: VariantFormat): Promise<Buffer> {
  switch (format) {
    case "webp":
      return encodeWebp(open, pixels);
    case "avif":
      return openPixels(open, pixels).avif(AVIF).toBuffer();
    case "jpeg":
      return openPixels(open, pixels).jpeg({ quality: QUALITY }).toBuffer();
    case "png":
      return openPixels(open, pixels).png().toBuffer();
  }
}

/** Bytes that an encode takes at most, rounded up from measurements with AVIF and transparency, the largest. */
export function encodeWeight({ width, height }: Pick<Pixels, "width" | "height">): number {
  return 16_000_000 + width * height * 48;
}
