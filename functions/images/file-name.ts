// Turns a client's file name into one that is safe in a blob name, a header, a URL and a file system. Pure.

const MAX_BYTES = 255;

/**
 * Control and format characters: line breaks, zero-width spaces, bidirectional overrides. A zero-width joiner stays
 * where it carries meaning: inside an emoji, and between letters of scripts that need it, such as Persian.
 */
const INVISIBLE =
  /(?!(?<=[[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]])[\u200c\u200d](?=[[\p{L}\p{Extended_Pictographic}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]]))[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gv;
/** Characters with a special meaning in Windows, shells, URLs or HTML. */
const SPECIAL = /[<>:"|?*#%&{}$!'`\\^~[\]]/g;

/** Device names on Windows, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?= *(?:\.|$))/i;

/** The longest prefix of whole graphemes that fits into this many bytes of UTF-8. */
function truncate(text: string, bytes: number): string {
  let kept = "";
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) {
    if (Buffer.byteLength(kept + segment) > bytes) break;
    kept += segment;
  }
  return kept;
}

/** NFC without invisible characters. Repeats until stable, because a removal can change the role of its neighbours. */
function removeInvisible(text: string): string {
  const next = text.normalize("NFC").replace(INVISIBLE, "");
  return next === text ? text : removeInvisible(next);
}

/**
 * @param name as the client sent it; of a path only the last segment is used
 * @param extension of the detected format, without a dot; appended unless the name already has it
 * @returns 1 to 255 bytes of UTF-8 in NFC, without slashes, and without a dot or space at either end
 */
export function safeFileName(name: string | undefined, extension: string): string {
  const clean = removeInvisible((name ?? "").split(/[/\\]/).at(-1) ?? "")
    .replace(SPECIAL, "_")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  const matchesFormat = extension === "jpeg" ? /\.jpe?g$/i : new RegExp(`\\.${extension}$`, "i");
  const suffix = matchesFormat.exec(clean)?.[0] ?? `.${extension === "jpeg" ? "jpg" : extension}`;
  const stem = (matchesFormat.test(clean) ? clean.slice(0, -suffix.length) : clean).replace(DEVICE, "_$&");
  return `${truncate(stem, MAX_BYTES - suffix.length).replace(/[. \u200c\u200d]+$/, "") || "image"}${suffix}`;
}

const IMAGE_EXTENSION = /\.(?:jpe?g|png|webp|avif|gif)$/i;

/** The safe name of a file that is stored in another format than it was sent in: `photo.jpg` becomes `photo.webp`. */
export function convertedFileName(name: string | undefined, extension: string): string {
  return safeFileName(name?.replace(IMAGE_EXTENSION, ""), extension);
}
