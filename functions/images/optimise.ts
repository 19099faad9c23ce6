// Optimises an uploaded image: upright, sRGB, at most 2,048 pixels, without metadata. One decode, inside the decode gate.
import type { ImageHeader } from "../lib/decode/decode-weight.ts";
import type { Decoder } from "../lib/decode/decoder.ts";
import { requestPatience } from "../lib/gate.ts";
import type { OpenImage } from "../lib/sharp.ts";
import type { ImageFormat } from "./image-format.ts";
import {
  animationBytes,
  MAX_SIDE,
  type OptimiseOptions,
  type Plan,
  planOptimisation,
  type qualities,
} from "./optimise-plan.ts";

/** Milliseconds; on one core AVIF with transparency took up to 8 s, all else less than 5 (docs/decisions/033). */
const OPTIMISE_MS = 10_000;

type Quality = (typeof qualities)[number];
const JPEG: Record<Quality, number> = { high: 95, medium: 85, low: 75 };
const WEBP: Record<Quality, number> = { high: 90, medium: 80, low: 70 };
/** What looks like the same quality of JPEG has a lower number in AVIF. */
const AVIF: Record<Quality, number> = { high: 75, medium: 62, low: 50 };
/** 0 to 9: 2,048 x 2,048 pixels take 3 s on one core, at the default of 4 four times as long. */
const AVIF_EFFORT = 2;
/** 1 to 10: the default of 7 takes 10 s, this one 2. */
const GIF_EFFORT = 1;

/** Pixels of a decode that only shows that an image is complete. Small, so that decoders can scale while they decode. */
export const TRIAL_EDGE = 32;

/** Bytes that an encoder takes for each pixel, rounded up from measurements. */
const ENCODER_BYTES: Record<ImageFormat, number> = { jpeg: 12, png: 12, webp: 44, avif: 40, gif: 40 };

export type OptimisedImage = {
  readonly bytes: Uint8Array;
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
};

/** What is stored, and what it became if it was encoded again. */
type Encoded = { readonly bytes: Uint8Array; readonly encoded?: Omit<OptimisedImage, "bytes"> };

/** Bytes in addition to a decode to a small size: the pixels and the encoder, or all frames of an animation. */
function weightOf(plan: Plan, header: ImageHeader): number {
  if (plan.kind === "strip") return animationBytes(header);
  const pixels = Math.min(header.width * header.height, MAX_SIDE ** 2);
  return pixels * (8 + ENCODER_BYTES[plan.format]);
}

function encode(
  image: ReturnType<OpenImage>,
  { format, isLossless }: { format: ImageFormat; isLossless: boolean },
  quality: Quality,
) {
  switch (format) {
    case "jpeg":
      return image.jpeg({ quality: JPEG[quality] });
    case "png":
      return image.png({ compressionLevel: 9, adaptiveFiltering: true });
    case "webp":
      return image.webp({ quality: WEBP[quality], lossless: isLossless });
    case "avif":
      return image.avif({ quality: AVIF[quality], effort: AVIF_EFFORT });
    case "gif":
      return image.gif({ effort: GIF_EFFORT });
  }
}

/** The image as its plan wants it. Rejects with an error of libvips when it is corrupt. */
async function carryOut(
  plan: Plan,
  { bytes, open, header, quality }: { bytes: Uint8Array; open: OpenImage; header: ImageHeader; quality: Quality },
): Promise<Encoded> {
  if (plan.kind === "strip") {
    // To nothing useful: only a decode of all frames shows that they are complete.
    const frames = (header.pages ?? 1) > 1 ? { animated: true, limitInputPixels: false } : {};
    await open(bytes, frames).resize(TRIAL_EDGE, TRIAL_EDGE, { fit: "inside" }).raw().toBuffer();
    return { bytes: plan.bytes };
  }
  const { depth, space, icc } = header;
  const isGrey = space === "b-w" || space === "grey16";
  const isDeep = plan.format === "png" && depth !== "uchar";
  // Scaled before it is rotated, so that only the small image is held as a whole.
  const image = open(bytes)
    .autoOrient()
    .resize(MAX_SIDE, MAX_SIDE, { fit: "inside", withoutEnlargement: true })
    .toColourspace(isDeep ? (isGrey ? "grey16" : "rgb16") : isGrey ? "b-w" : "srgb");
  // From a profile sharp converts 16 bits only as far as Display P3.
  if (icc && depth !== "uchar" && !isGrey) image.withIccProfile("srgb", { attach: false });
  const { data, info } = await encode(image, plan, quality).toBuffer({ resolveWithObject: true });
  const { instead } = plan;
  if (instead && instead.length <= data.length) return { bytes: instead };
  return { bytes: data, encoded: { format: plan.format, width: info.width, height: info.height } };
}

/**
 * @param checkFrames throws when the decoder would miss that frames are cut off
 * @throws {AppError} as a decode; UNPROCESSABLE_IMAGE also when the image can only be stored unchanged
 */
export function optimise(
  bytes: Uint8Array,
  {
    decoder,
    format,
    options,
    checkFrames,
  }: {
    readonly decoder: Decoder;
    readonly format: ImageFormat;
    readonly options: OptimiseOptions;
    readonly checkFrames: () => void;
  },
): Promise<OptimisedImage> {
  const { promise: planned, resolve } = Promise.withResolvers<Plan>();
  const extraWeight = (header: ImageHeader) => {
    checkFrames();
    const plan = planOptimisation(bytes, format, { header, options });
    resolve(plan);
    return weightOf(plan, header);
  };
  return decoder.decode(
    bytes,
    requestPatience,
    async (open, size, header) => {
      const { encoded, ...rest } = await carryOut(await planned, { bytes, open, header, quality: options.quality });
      return { ...rest, format, ...size, ...encoded };
    },
    { extraWeight, timeLimitMs: OPTIMISE_MS },
  );
}
