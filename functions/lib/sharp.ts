// The only import of sharp: loaded on first use, with limits, and with every decoder shut that is not needed.
import type { Sharp, SharpOptions } from "sharp";

/** Bytes in, an image pipeline out. */
export type OpenImage = (bytes: Uint8Array, options?: SharpOptions) => Sharp;

/** Decoders of the five formats that are accepted, as libvips names their classes, reading from memory. */
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
  // Pictures come one at a time; a cache of operations would only hold memory.
  sharp.cache(false);
  return sharp;
}

let loaded: ReturnType<typeof load> | undefined;

/**
 * Loads libvips, which costs more than the rest of a cold start, so not before a picture comes.
 * @param maxPixels what an image may have, by its header, before anything is decoded
 */
export async function loadSharp(maxPixels: number): Promise<OpenImage> {
  loaded ??= load();
  const sharp = await loaded;
  return (bytes, options) => sharp(bytes, { limitInputPixels: maxPixels, failOn: "error", ...options });
}
