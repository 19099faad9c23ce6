// Renders the variants of an image: one decode to the widest, then one encode after another from its pixels.
import type { Decoder } from "../lib/decode/decoder.ts";
import { AppError } from "../lib/errors.ts";
import { eventPatience, type Patience, type RunOptions } from "../lib/gate.ts";
import type { StoredVariant } from "../lib/image.ts";
import { variantName } from "../lib/image-variants.ts";
import { encodeVariant, encodeWeight } from "./encode.ts";
import { fitPixels, openPixels, type Pixels } from "./pixels.ts";
import { formatsFor, widthsFor } from "./plan.ts";
import { createPreview, type Preview } from "./preview.ts";

export type RenderedVariant = StoredVariant & { readonly bytes: Buffer };

export type Rendering = {
  readonly preview: Preview;
  /** Encodes the variants one after another, as they are read, the smallest first. */
  encode(): AsyncGenerator<RenderedVariant>;
};

/** Milliseconds for all waits and encodes. A timer that starts one last render ends before `functionTimeout`. */
const LIMIT_MS = 120_000;

type Original = { readonly bytes: Uint8Array; readonly contentType: string };
type Options = RunOptions & {
  readonly decoder: Decoder;
  readonly patience: () => Patience;
  /** Bounds on the longest side in pixels. */
  readonly widths: readonly number[];
};

/**
 * The patience of each wait of one render.
 * @returns a function that throws DEPENDENCY_UNAVAILABLE when the time is over
 */
export function startPatience(): () => Patience {
  const endsAt = performance.now() + LIMIT_MS;
  return () => {
    const left = Math.round(endsAt - performance.now());
    if (left <= 0)
      throw new AppError("DEPENDENCY_UNAVAILABLE", `Rendering an image lasted longer than ${LIMIT_MS} ms`, {
        retryAfter: 10,
      });
    return { ...eventPatience, maxWaitMs: Math.min(eventPatience.maxWaitMs, left) };
  };
}

/**
 * Decodes the first frame, rotated by its EXIF orientation and never enlarged. The decode holds its memory in the gate
 * only until the widest variant is there as pixels: at most 26 MB at 2,560 pixels.
 * @throws {AppError} as `Decoder.decode`; also from the generator
 */
export async function renderVariants(
  { bytes, contentType }: Original,
  { decoder, widths, patience, ...run }: Options,
): Promise<Rendering> {
  const decoded = await decoder.decode(
    bytes,
    patience(),
    async (open, size, { icc, depth, channels }) => {
      const planned = widthsFor(size, widths);
      const image = open(bytes).autoOrient();
      // From a profile sharp converts 16 bits of colour only as far as Display P3.
      if (icc && depth !== "uchar" && channels > 2) image.withIccProfile("srgb", { attach: false });
      return { planned, widest: await fitPixels(image, planned.at(-1) ?? 1) };
    },
    run,
  );
  const { planned, widest } = decoded;
  const weight = encodeWeight(widest);
  const preview = await decoder.process(weight, patience(), (open) => createPreview(open, widest));

  async function* encode() {
    for (const width of planned) {
      const pixels: Pixels = await decoder.process(weight, patience(), async (open) =>
        width === planned.at(-1) ? widest : fitPixels(openPixels(open, widest), width),
      );
      for (const format of formatsFor(contentType)) {
        const encoded = await decoder.process(weight, patience(), (open) => encodeVariant(open, pixels, format));
        const { width: realWidth, height } = pixels;
        const name = variantName(width, format);
        yield { name, format, width: realWidth, height, size: encoded.length, bytes: encoded };
      }
    }
  }
  return { preview, encode };
}
