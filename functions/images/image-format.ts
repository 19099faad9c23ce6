// Which kind of picture bytes are, told by the bytes alone, and what betrays a file that is also something else. Pure.

export const imageFormats = ["jpeg", "png", "webp", "avif", "gif"] as const;
export type ImageFormat = (typeof imageFormats)[number];

export const contentTypes: Record<ImageFormat, string> = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
};

/** Bytes that decide the kind: enough for the longest list of AVIF brands in use. */
const HEAD = 64;

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/**
 * The kind of picture by its signature, or undefined when it is none that is accepted.
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

/** Text that no picture's compressed data holds by chance, and that makes a browser or a server run it. */
const ACTIVE = /<script|<iframe|<!doctype\s{1,32}html|<html[\s/>]|<\?php\s/i;
/** The text is looked through in windows, lest a whole picture becomes one string; they overlap by what could be cut. */
const WINDOW = 64 * 1024;
const OVERLAP = 64;
/** PDF readers look for this within the first 1,024 bytes. */
const PDF = "%PDF-";
/** An archive's directory ends with this within the last 65,557 bytes (APPNOTE.TXT 4.3.16). */
const ZIP_END = "PK\x05\x06";
const ZIP_TAIL = 65_557;
/** Stands before each file in that directory. Four bytes come up by chance in one picture of many; both hardly ever. */
const ZIP_ENTRY = "PK\x01\x02";

/**
 * What else the bytes could be taken for: a page, a document or an archive hidden in a picture; undefined when nothing.
 * Data after a picture's end is not refused by itself: telephones put a second picture or a film there.
 */
export function disguiseOf(bytes: Uint8Array): "a web page" | "a PDF document" | "an archive" | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.byteLength; at += WINDOW)
    if (ACTIVE.test(buffer.toString("latin1", at, at + WINDOW + OVERLAP))) return "a web page";
  if (buffer.subarray(0, 1_024).includes(PDF, 0, "latin1")) return "a PDF document";
  const isArchive =
    buffer.subarray(-ZIP_TAIL).includes(ZIP_END, 0, "latin1") && buffer.includes(ZIP_ENTRY, 0, "latin1");
  return isArchive ? "an archive" : undefined;
}
