// A name from outside as one that is safe in a blob name, a header and a file system, and still the owner's. Pure.

const MAX_BYTES = 255;

/**
 * Control and format characters: line breaks, spaces of no width, and those that turn the direction of text. A joiner
 * stays where it means something: inside an emoji, and between letters of scripts that need it, as Persian does.
 */
const INVISIBLE =
  /(?!(?<=[[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]])[\u200c\u200d](?=[[\p{L}\p{Extended_Pictographic}]--[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]]))[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gv;
/** What Windows, shells, URLs and HTML give a meaning of their own. */
const SPECIAL = /[<>:"|?*#%&{}$!'`\\^~[\]]/g;

/** Names that mean a device on Windows, whatever follows their first dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?= *(?:\.|$))/i;

/** As many of the first characters, as people see them, as fit in so many bytes of UTF-8. */
function cut(text: string, bytes: number): string {
  let kept = "";
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)) {
    if (Buffer.byteLength(kept + segment) > bytes) break;
    kept += segment;
  }
  return kept;
}

/** In NFC and without what is invisible: again until nothing changes, as what goes can change what its neighbour means. */
function visible(text: string): string {
  const next = text.normalize("NFC").replace(INVISIBLE, "");
  return next === text ? text : visible(next);
}

/**
 * @param name as the client sent it; a path is reduced to its last part
 * @param extension what the bytes say the picture is, without a dot; put at the end unless the name says so already
 * @returns 1 to 255 bytes of UTF-8 in NFC that do not begin or end with a dot or a space and hold no slash
 */
export function safeFileName(name: string | undefined, extension: string): string {
  const clean = visible((name ?? "").split(/[/\\]/).at(-1) ?? "")
    .replace(SPECIAL, "_")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  const alike = extension === "jpeg" ? /\.jpe?g$/i : new RegExp(`\\.${extension}$`, "i");
  const suffix = alike.exec(clean)?.[0] ?? `.${extension === "jpeg" ? "jpg" : extension}`;
  const stem = (alike.test(clean) ? clean.slice(0, -suffix.length) : clean).replace(DEVICE, "_$&");
  return `${cut(stem, MAX_BYTES - suffix.length).replace(/[. \u200c\u200d]+$/, "") || "image"}${suffix}`;
}
