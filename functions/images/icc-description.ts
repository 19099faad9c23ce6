// Whether an ICC profile is sRGB, by its own description. Pure.
// Source: ICC.1:2022 sections 7.3 (tags) and 10.15 (text in several languages), ICC.1:2001-04 section 6.5.17 (text).

const HEADER_BYTES = 128;
const TAG_BYTES = 12;
const MAX_TAGS = 100;

/**
 * Descriptions of profiles with the primaries and the curve of sRGB: of the ICC, HP, Apple, Little CMS, GIMP, Krita and
 * libvips. Whole names, because "GIMP built-in Linear sRGB" has another curve.
 */
const SRGB = [
  "sRGB",
  "sRGB2014",
  "sRGB built-in",
  "sRGB IEC61966-2.1",
  "sRGB IEC61966-2-1",
  "GIMP built-in sRGB",
  "sRGB-elle-V2-srgbtrc.icc",
  "sRGB-elle-V4-srgbtrc.icc",
];

/** The text of a tag, in its first language; undefined for another type. */
function textOf(tag: Buffer): string | undefined {
  const type = tag.toString("latin1", 0, 4);
  if (type === "desc" && tag.length >= 12) return tag.toString("latin1", 12, 12 + tag.readUInt32BE(8));
  if (type !== "mluc" || tag.length < 28) return undefined;
  const start = tag.readUInt32BE(24);
  // In UTF-16. A name with other letters than ASCII is none of sRGB.
  const text = tag.subarray(start, start + tag.readUInt32BE(20));
  return text.every((byte, at) => at % 2 === 1 || byte === 0)
    ? text.toString("latin1").replaceAll("\0", "")
    : undefined;
}

/** Whether a profile is sRGB by name. One of another name, even if it is the same, counts as another colour space. */
export function isSrgb(profile: Uint8Array): boolean {
  const icc = Buffer.from(profile.buffer, profile.byteOffset, profile.byteLength);
  const tags = icc.length < HEADER_BYTES + 4 ? 0 : Math.min(icc.readUInt32BE(HEADER_BYTES), MAX_TAGS);
  const first = HEADER_BYTES + 4;
  for (let at = first; at < first + tags * TAG_BYTES && at + TAG_BYTES <= icc.length; at += TAG_BYTES) {
    if (icc.toString("latin1", at, at + 4) !== "desc") continue;
    const start = icc.readUInt32BE(at + 4);
    const text = textOf(icc.subarray(start, start + icc.readUInt32BE(at + 8)));
    return text !== undefined && SRGB.includes(text.replace(/\0+$/, ""));
  }
  return false;
}
