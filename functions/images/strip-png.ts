// A PNG without metadata: the chunks that browsers need to show it, with its animation. Pure.
// Source: https://www.w3.org/TR/png-3/#11Chunks

const SIGNATURE_BYTES = 8;
const OVERHEAD = 12;
const IMAGE = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];
const ANIMATION = ["acTL", "fcTL", "fdAT"];
const REPEATED = ["IDAT", "fcTL", "fdAT"];
/** Declarations of colour that a decode by libvips ignores and browsers do not. */
const COLOURS = ["gAMA", "cHRM", "cICP", "mDCV", "cLLI"];
const OTHERS = ["sRGB", "sBIT", "bKGD", "pHYs"];
/** The longest of `COLOURS` and `OTHERS`; a longer chunk hides something. */
const MAX_DECLARATION_BYTES = 32;

export type StrippedPng = {
  readonly bytes: Uint8Array;
  /** Whether it shows more than the pixels that libvips decodes: an animation, or other colours. */
  readonly isMoreThanPixels: boolean;
};

/** Undefined for a PNG without its last chunk. */
export function stripPng(bytes: Uint8Array): StrippedPng | undefined {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [png.subarray(0, SIGNATURE_BYTES)];
  const types = new Set<string>();
  for (let at = SIGNATURE_BYTES; at + OVERHEAD <= png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const end = at + OVERHEAD + length;
    if (end > png.length) return undefined;
    const isDeclaration = [...COLOURS, ...OTHERS].includes(type) && length <= MAX_DECLARATION_BYTES;
    const isShown = isDeclaration || IMAGE.includes(type) || ANIMATION.includes(type);
    if (isShown && (REPEATED.includes(type) || !types.has(type))) {
      kept.push(png.subarray(at, end));
      types.add(type);
    }
    if (type === "IEND")
      return {
        bytes: Buffer.concat(kept),
        isMoreThanPixels: types.has("acTL") || (COLOURS.some((colour) => types.has(colour)) && !types.has("sRGB")),
      };
    at = end;
  }
  return undefined;
}

/** Whether a PNG has a chunk that must come before the image data. */
function hasChunk(bytes: Uint8Array, type: string): boolean {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = png.indexOf(type);
  return at >= 0 && at < png.indexOf("IDAT");
}

/** Whether a PNG is animated, which libvips does not report. */
export const isAnimatedPng = (bytes: Uint8Array): boolean => hasChunk(bytes, "acTL");

/** Whether a PNG declares its colours by code points, such as HDR, which libvips ignores. */
export const hasCodePoints = (bytes: Uint8Array): boolean => hasChunk(bytes, "cICP");
