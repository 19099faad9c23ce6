// Pixels between the decode of an image and the encodes of its variants: upright, sRGB, 8 bits, without metadata.
import type { OpenImage } from "../lib/sharp.ts";

export type Pixels = {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
};

export const openPixels = (open: OpenImage, { data, ...raw }: Pixels): ReturnType<OpenImage> => open(data, { raw });

/** The pixels of an image that fits into a square of `edge` pixels; a smaller image keeps its size. */
export async function fitPixels(image: ReturnType<OpenImage>, edge: number): Promise<Pixels> {
  const { data, info } = await image
    .resize(edge, edge, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { data, width, height, channels };
}
