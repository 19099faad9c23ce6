// Detects the format of an image from its bytes, and files that are valid in a second format (polyglots). Pure.

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

/** Text that makes a browser or a server execute a file, and that compressed image data does not contain by chance. */
const ACTIVE = /<script|<iframe|<!doctype\s{1,32}html|<html[\s/>]|<\?php\s/i;
/** Searching in windows avoids one huge string. Windows overlap so that a match is not split. */
const WINDOW = 64 * 1024;
const OVERLAP = 64;
/** PDF readers search for this in the first 1,024 bytes. */
const PDF = "%PDF-";
/** End of central directory, in the last 65,557 bytes of a ZIP (APPNOTE.TXT 4.3.16). */
const ZIP_END = "PK\x05\x06";
const ZIP_TAIL = 65_557;
/** Precedes each entry of that directory. Four bytes can occur by chance in an image; both signatures hardly ever. */
const ZIP_ENTRY = "PK\x01\x02";

/**
 * The second format in which an image is also valid; undefined when there is none.
 * Data after the end of the image is accepted as such: phones append a second image or a video.
 */
export function polyglotTypeOf(bytes: Uint8Array): "a web page" | "a PDF document" | "an archive" | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.byteLength; at += WINDOW)
    if (ACTIVE.test(buffer.toString("latin1", at, at + WINDOW + OVERLAP))) return "a web page";
  if (buffer.subarray(0, 1_024).includes(PDF, 0, "latin1")) return "a PDF document";
  const isArchive =
    buffer.subarray(-ZIP_TAIL).includes(ZIP_END, 0, "latin1") && buffer.includes(ZIP_ENTRY, 0, "latin1");
  return isArchive ? "an archive" : undefined;
}
