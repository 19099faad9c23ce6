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
const DECLARATIONS = [...COLOURS, ...OTHERS];
/** The longest of `DECLARATIONS`; a longer chunk hides something. */
const MAX_DECLARATION_BYTES = 32;

export type StrippedPng = {
  readonly bytes: Uint8Array;
  /** Whether it shows more than the pixels that libvips decodes: an animation, or other colours. */
  readonly isMoreThanPixels: boolean;
};

/** The complete chunks, up to the last one. */
function* chunksOf(png: Buffer): Generator<{ readonly type: string; readonly chunk: Buffer }> {
  for (let at = SIGNATURE_BYTES; at + OVERHEAD <= png.length; ) {
    const end = at + OVERHEAD + png.readUInt32BE(at);
    if (end > png.length) return;
    const type = png.toString("latin1", at + 4, at + 8);
    yield { type, chunk: png.subarray(at, end) };
    if (type === "IEND") return;
    at = end;
  }
}

/** Undefined for a PNG without its last chunk. */
export function stripPng(bytes: Uint8Array): StrippedPng | undefined {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = [png.subarray(0, SIGNATURE_BYTES)];
  const types = new Set<string>();
  for (const { type, chunk } of chunksOf(png)) {
    const isDeclaration = DECLARATIONS.includes(type) && chunk.length <= OVERHEAD + MAX_DECLARATION_BYTES;
    const isShown = isDeclaration || IMAGE.includes(type) || ANIMATION.includes(type);
    if (!isShown || (types.has(type) && !REPEATED.includes(type))) continue;
    kept.push(chunk);
    types.add(type);
  }
  if (!types.has("IEND")) return undefined;
  return {
    bytes: Buffer.concat(kept),
    isMoreThanPixels: types.has("acTL") || (COLOURS.some((colour) => types.has(colour)) && !types.has("sRGB")),
  };
}

/** Whether a PNG has a chunk that must come before the image data. */
function hasChunk(bytes: Uint8Array, wanted: string): boolean {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { value } = chunksOf(png)
    .filter(({ type }) => type === wanted || type === "IDAT")
    .next();
  return value?.type === wanted;
}

/** Whether a PNG is animated, which libvips does not report. */
export const isAnimatedPng = (bytes: Uint8Array): boolean => hasChunk(bytes, "acTL");

/** Whether a PNG declares its colours by code points, such as HDR, which libvips ignores. */
export const hasCodePoints = (bytes: Uint8Array): boolean => hasChunk(bytes, "cICP");
