// What has to happen to an uploaded image before it is stored, from its header and bytes. Pure.
import { isAnimatedAvif } from "../lib/decode/avif-boxes.ts";
import type { ImageHeader } from "../lib/decode/decode-weight.ts";
import { AppError } from "../lib/errors.ts";
import { decodeMemory } from "../lib/heavy-work.ts";
import { isSrgb } from "./icc-description.ts";
import type { ImageFormat } from "./image-format.ts";
import { hasWideColours, isPlainAvif } from "./strip-avif.ts";
import { stripGif } from "./strip-gif.ts";
import { isPlainJpeg } from "./strip-jpeg.ts";
import { hasCodePoints, isAnimatedPng, stripPng } from "./strip-png.ts";
import { isLosslessWebp, stripWebp } from "./strip-webp.ts";

/** Pixels of the longest side of an optimised image. */
export const MAX_SIDE = 2_048;
export const qualities = ["high", "medium", "low"] as const;

export type OptimiseOptions = {
  readonly quality: (typeof qualities)[number];
  /** @default the format of the upload */
  readonly format?: "webp" | undefined;
};

export type Plan =
  /** Every frame is decoded, and the file stored without its metadata. */
  | { readonly kind: "strip"; readonly bytes: Uint8Array }
  /** The image is encoded again. `instead` has the same pixels and is stored if it is not larger. */
  | {
      readonly kind: "encode";
      readonly format: ImageFormat;
      readonly isLossless: boolean;
      readonly instead?: Uint8Array;
    };

const HINT = "or send it with ?optimize=false to store it unchanged";
const rejected = (message: string) => new AppError("UNPROCESSABLE_IMAGE", `${message}, ${HINT}.`);

const isAnimated = (bytes: Uint8Array, format: ImageFormat, { pages = 1 }: ImageHeader) =>
  format === "png" ? isAnimatedPng(bytes) : format === "avif" ? isAnimatedAvif(bytes) : pages > 1;

/** Bytes of all frames of an animation, which is what the gate admits. */
export const animationBytes = ({ width, height, pages = 1 }: ImageHeader) => width * height * pages * 4;

function planAnimation(bytes: Uint8Array, format: ImageFormat, header: ImageHeader, needsPixels: boolean): Plan {
  if (format === "avif")
    throw rejected("The metadata of an animated AVIF cannot be removed: save it as an animated WebP");
  const stripped = format === "gif" ? stripGif(bytes) : format === "webp" ? stripWebp(bytes) : stripPng(bytes)?.bytes;
  if (!stripped) throw rejected("The animated PNG has no end: send the complete file");
  if (needsPixels)
    throw rejected(
      "An animation keeps its format, and its orientation and colours cannot be converted: send it upright, in sRGB and without format=webp",
    );
  if (animationBytes(header) > decodeMemory())
    throw rejected(
      `The frames of an animation may have at most ${Math.floor(decodeMemory() / 4)} pixels together, and this one has ${header.pages === undefined ? "frames" : header.pages} of ${header.width} x ${header.height}: make it shorter or smaller`,
    );
  return { kind: "strip", bytes: stripped };
}

/**
 * @param bytes of a complete GIF, or of another format
 * @throws {AppError} UNPROCESSABLE_IMAGE for an animation that cannot be kept without its metadata
 */
export function planOptimisation(
  bytes: Uint8Array,
  format: ImageFormat,
  { header, options }: { header: ImageHeader; options: OptimiseOptions },
): Plan {
  const { width, height, orientation = 1, icc, space } = header;
  const target = options.format ?? format;
  const isConverted =
    target !== format ||
    orientation > 1 ||
    (icc !== undefined && !isSrgb(icc)) ||
    !["srgb", "b-w", "rgb16", "grey16"].includes(space);
  if (isAnimated(bytes, format, header)) return planAnimation(bytes, format, header, isConverted);
  const hasOtherColours = format === "avif" ? hasWideColours(bytes) : format === "png" && hasCodePoints(bytes);
  const isLossless = format === "webp" && isLosslessWebp(bytes);
  const encode = { kind: "encode", format: target, isLossless } as const;
  const isResized = Math.max(width, height) > MAX_SIDE;
  if (hasOtherColours && (format === "avif" || isConverted || isResized))
    throw rejected(
      "An HDR image, or one of a wide colour space without an ICC profile, cannot be converted: save it in sRGB",
    );
  if (isConverted || isResized) return encode;
  switch (format) {
    case "gif":
      // Its palette was chosen once: another encoder would choose another.
      return { kind: "strip", bytes: stripGif(bytes) };
    case "png": {
      const stripped = stripPng(bytes);
      if (!stripped) return encode;
      // A conversion from a profile to sRGB, even from sRGB, rounds.
      return stripped.isMoreThanPixels || icc
        ? { kind: "strip", bytes: stripped.bytes }
        : { ...encode, instead: stripped.bytes };
    }
    // A profile can name the device that it was made for, so a file that has one is encoded, sRGB or not.
    case "webp":
      return icc || Buffer.compare(stripWebp(bytes), bytes) !== 0 ? encode : { ...encode, instead: bytes };
    case "jpeg":
      return isPlainJpeg(bytes) ? { ...encode, instead: bytes } : encode;
    case "avif":
      return !icc && isPlainAvif(bytes) ? { ...encode, instead: bytes } : encode;
  }
}
