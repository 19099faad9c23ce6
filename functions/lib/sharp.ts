// The only import of sharp: loaded on first use, with a pixel limit and only the decoders that are needed.
import type { Sharp, SharpOptions } from "sharp";
import { withStillBrand } from "./decode/avif-boxes.ts";
import { withTransparentCanvas } from "./decode/gif-blocks.ts";

/** Creates an image pipeline from the bytes of an image. */
export type OpenImage = (bytes: Uint8Array, options?: SharpOptions) => Sharp;

/** libvips class names of the decoders of the five accepted formats, reading from memory. */
const DECODERS = [
  "VipsForeignLoadJpegBuffer",
  "VipsForeignLoadPngBuffer",
  "VipsForeignLoadWebpBuffer",
  "VipsForeignLoadHeifBuffer",
  "VipsForeignLoadNsgifBuffer",
];

async function load() {
  const { default: sharp } = await import("sharp");
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: DECODERS });
  // Images are processed once each, so a cache of operations would only use memory.
  sharp.cache(false);
  return sharp;
}

/** The same image with what libvips needs to read its first frame as browsers show it. */
function readable(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0x47 ? withTransparentCanvas(bytes) : withStillBrand(bytes);
}

let loaded: ReturnType<typeof load> | undefined;

/**
 * Loads libvips on first use, because it takes longer than the rest of a cold start.
 * @param maxPixels limit for width x height in the header; larger images are rejected before they are decoded
 */
export async function loadSharp(maxPixels: number): Promise<OpenImage> {
  loaded ??= load();
  const sharp = await loaded;
  return (bytes, options) =>
    sharp(options?.raw ? bytes : readable(bytes), { limitInputPixels: maxPixels, failOn: "error", ...options });
}
