// Renders all variants of an image for a test, without a store.
import { createDecoder, type Decoder } from "../lib/decode/decoder.ts";
import { eventPatience } from "../lib/gate.ts";
import { type RenderedVariant, renderVariants } from "./render.ts";

type Options = { widths?: readonly number[]; contentType?: string; decoder?: Decoder };

/** By default AVIF and WebP of at most 256 pixels. */
export async function renderAll(
  bytes: Uint8Array,
  { widths = [256], contentType = "image/webp", decoder = createDecoder({ maxPixels: 50_000_000 }) }: Options = {},
) {
  const options = { decoder, widths, patience: () => eventPatience };
  const { preview, encode } = await renderVariants({ bytes, contentType }, options);
  const variants: RenderedVariant[] = [];
  for await (const variant of encode()) variants.push(variant);
  return { preview, variants };
}
