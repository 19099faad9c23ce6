// What a decode takes: the limits by format, and an estimate of its memory. Pure.

/** The header of an image as libvips reports it. */
export type ImageHeader = {
  /** libvips calls AVIF "heif". */
  readonly format: string;
  /** As stored, before the EXIF orientation is applied. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** libvips' name of the type of a sample: "uchar" has 8 bits. */
  readonly depth: string;
  /** Whether a PNG is interlaced. */
  readonly isProgressive: boolean;
  /** Frames of an animation. */
  readonly pages?: number | undefined;
  /** EXIF orientation, 1 to 8. */
  readonly orientation?: number | undefined;
  /** libvips' name of the colour space: "srgb", "b-w", "cmyk", "rgb16". */
  readonly space: string;
  /** The colour profile. */
  readonly icc?: Uint8Array | undefined;
};

/** Pixels. AVIF takes 20 to 28 bytes for each, a whole frame and its copies. */
const MAX_AVIF_PIXELS = 16_000_000;
/** JPEG's own limit. libvips reads hundreds of lines at once, so a few very long lines take a gigabyte. */
export const MAX_EDGE = 65_535;

export const pixelLimit = (format: string, maxPixels: number): number =>
  format === "heif" ? Math.min(maxPixels, MAX_AVIF_PIXELS) : maxPixels;

/** Bytes for libvips, the compressed texts of a PNG and the result. */
const BASE = 64_000_000;
/** Lines of the source that a reduction to a thumbnail holds at once. */
const LINES = 750;
/** Bytes of one coefficient of a JPEG. */
const COEFFICIENT = 2;

/** Bytes for each pixel of what the decoder holds as a whole; 0 when it reads line by line. */
function wholeImageBytes(
  { format, channels, depth, isProgressive, pages = 1 }: ImageHeader,
  isBuffered: boolean,
): number {
  const bytesPerSample = depth === "uchar" ? 1 : 2;
  switch (format) {
    case "heif":
      return bytesPerSample === 1 ? 20 : 28;
    case "gif":
      return 4.5;
    case "jpeg":
      return isBuffered ? COEFFICIENT * channels + 0.25 : 0;
    case "png":
      return isProgressive ? bytesPerSample * channels : 0;
    case "webp":
      // Lossless: all pixels as ARGB; packed only when there are few colours. An animation may add its canvas.
      return pages > 1 ? 8 : 4;
    default:
      return 0;
  }
}

/**
 * Bytes at the peak of a decode to a small size, rounded up from measurements (`npm run bench -- upload`).
 * @param isBuffered whether the decoder of a JPEG holds all coefficients
 */
export function decodeWeight(header: ImageHeader, isBuffered: boolean): number {
  const { width, height, channels, depth } = header;
  const lineBytes = width * channels * (depth === "uchar" ? 1 : 2);
  return BASE + lineBytes * Math.min(height, LINES) + width * height * wholeImageBytes(header, isBuffered);
}
