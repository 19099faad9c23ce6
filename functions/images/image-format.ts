// Detects the format of an image from its bytes. Pure.

export const imageFormats = ["jpeg", "png", "webp", "avif", "gif"] as const;
export type ImageFormat = (typeof imageFormats)[number];

export const contentTypes: Record<ImageFormat, string> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
};

/** Bytes that decide the format: enough for the longest list of AVIF brands in use. */
const HEAD = 64;

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/**
 * The image format by signature, or undefined for anything that is not accepted.
 * Source: https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern; AVIF: ISO/IEC 14496-12 `ftyp` box.
 */
export function formatOf(bytes: Uint8Array): ImageFormat | undefined {
  const head = latin1(bytes.subarray(0, HEAD));
  if (head.startsWith("\xff\xd8\xff")) return "jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return "gif";
  if (head.startsWith("RIFF") && head.startsWith("WEBPVP", 8)) return "webp";
  if (head.startsWith("ftyp", 4)) {
    const box = head.slice(8, Buffer.from(head, "latin1").readUInt32BE(0));
    if (/avi[fs]/.test(box)) return "avif";
  }
  return undefined;
}
