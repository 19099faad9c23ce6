// The HTML of an image: a `<picture>` from which a browser takes the file that suits it. Pure.
import type { StoredVariant, VariantFormat } from "../lib/image.ts";
import { variantFormats } from "../lib/image.ts";
import { placeholderUrl } from "../lib/image-variants.ts";

export type PictureFile = Pick<StoredVariant, "format" | "width" | "height"> & { readonly url: string };

type Picture = {
  /** At least one. */
  readonly files: readonly PictureFile[];
  readonly alt: string;
  /** Base64 of a WebP. */
  readonly placeholder?: string | undefined;
};

/** Best compression first: a browser takes the first format that it knows. */
const PREFERENCE = variantFormats;
/** What every browser shows. */
const FALLBACKS: readonly VariantFormat[] = ["jpeg", "png", "webp", "avif"];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  '"': "&quot;",
  "'": "&#39;",
  "<": "&lt;",
  ">": "&gt;",
  // Parsers turn a carriage return into a line feed, unless it is escaped.
  "\r": "&#13;",
  // HTML cannot contain it, escaped or not.
  "\0": "\ufffd",
};

/** The only way for a value into an attribute. HTML section 13.1.2.3. */
const escapeAttribute = (value: string) =>
  value.toWellFormed().replaceAll(/[&"'<>\r\0]/g, (character) => ENTITIES[character] ?? "");

const tag = (name: string, attributes: Readonly<Record<string, string | number | undefined>>) => {
  const written = Object.entries(attributes).flatMap(([attribute, value]) =>
    value === undefined ? [] : [` ${attribute}="${escapeAttribute(String(value))}"`],
  );
  return `<${name}${written.join("")}>`;
};

/** The files of a format by ascending width, of each width the largest: two files of one width would be ambiguous. */
function ladderOf(files: readonly PictureFile[], format: VariantFormat): PictureFile[] {
  const byWidth = new Map<number, PictureFile>();
  for (const file of files.filter((each) => each.format === format).toSorted((a, b) => a.height - b.height))
    byWidth.set(file.width, file);
  return [...byWidth.values()].toSorted((a, b) => a.width - b.width);
}

const srcsetOf = (ladder: readonly PictureFile[]) => ladder.map(({ url, width }) => `${url} ${width}w`).join(", ");

/**
 * `width` and `height` are those of the largest file, so that the page keeps its layout while the image loads. The image
 * is as wide as the window permits, up to that width.
 */
export function pictureHtml({ files, alt, placeholder }: Picture): string {
  const ladders = new Map(PREFERENCE.map((format) => [format, ladderOf(files, format)] as const));
  const fallback = FALLBACKS.find((format) => ladders.get(format)?.length) ?? "webp";
  const ladder = ladders.get(fallback) ?? [];
  const { url, width, height } = ladder.at(-1) ?? { url: "", width: 0, height: 0 };
  const sizes = `(max-width: ${width}px) 100vw, ${width}px`;
  const sources = [...ladders]
    .filter(([format, { length }]) => format !== fallback && length > 0)
    .map(([format, each]) => tag("source", { type: `image/${format}`, srcset: srcsetOf(each), sizes }));
  const background = placeholder ? `;background:url(${placeholderUrl(placeholder)}) center/cover no-repeat` : "";
  const image = tag("img", {
    src: url,
    srcset: srcsetOf(ladder),
    sizes,
    width,
    height,
    alt,
    loading: "lazy",
    decoding: "async",
    style: `max-width:100%;height:auto${background}`,
  });
  return `<picture>${sources.join("")}${image}</picture>`;
}
