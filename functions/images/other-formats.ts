// Names formats that are not accepted, and what happened to an image on its way, so that an error says what to do. Pure.

type OtherFormat = { readonly name: string; readonly advice: string };

/** Bytes that decide the format; an SVG can begin with a declaration, comments and white space. */
const HEAD = 1_024;
const JPEG_ADVICE = "export it as JPEG";

const formats: readonly (OtherFormat & { readonly matches: (head: string) => boolean })[] = [
  {
    name: "HEIC",
    // HEIF brands with HEVC inside, and the general brands of a file without AVIF among its compatible brands.
    matches: (head) => /^ftyp(?:he[ivx][cfmsx]|mif1|msf1)/.test(head.slice(4)),
    advice: `${JPEG_ADVICE}, or set the iPhone's camera to Most Compatible (Settings, Camera, Formats)`,
  },
  { name: "a video", matches: (head) => head.startsWith("ftyp", 4), advice: "send a still image of it" },
  { name: "a PDF document", matches: (head) => head.startsWith("%PDF-"), advice: "export the page as PNG or JPEG" },
  {
    name: "SVG",
    matches: (head) => /^(?:\xef\xbb\xbf)?\s*(?:<[?!][\s\S]*)?<svg[\s/>]/i.test(head),
    advice: "export it as PNG",
  },
  {
    name: "TIFF or a camera's raw file",
    matches: (head) => head.startsWith("II*\0") || head.startsWith("MM\0*"),
    advice: JPEG_ADVICE,
  },
  {
    name: "BMP",
    // The length of the second header, 12 to 124 bytes, is a 32-bit number.
    matches: (head) => head.startsWith("BM") && head.startsWith("\0\0\0", 15),
    advice: "save it as PNG",
  },
  {
    name: "JPEG XL",
    matches: (head) => head.startsWith("JXL ", 4) || head.startsWith("\xff\x0a"),
    advice: JPEG_ADVICE,
  },
];

/** The format of bytes that are no accepted image, if it is a common one. */
export function otherFormatOf(bytes: Uint8Array): OtherFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, HEAD)).toString("latin1");
  return formats.find(({ matches }) => matches(head));
}

/** So many bytes of an image have both a CR and an LF: without them by chance fewer than one in 10^13 images. */
const ENOUGH = 4_096;

/**
 * Whether line ends were removed, as curl -d does with a file. PNG begins with one for this reason; of other formats
 * only the absence shows it.
 */
export function lacksLineEnds(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 5)).toString("latin1");
  return head === "\x89PNG\x1a" || (bytes.byteLength >= ENOUGH && !bytes.includes(0x0a) && !bytes.includes(0x0d));
}

export const LINE_ENDS_ADVICE = "with curl use --data-binary instead of -d, which removes line ends";
