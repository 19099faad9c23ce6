// HTML as values: everything is escaped unless it was written here as HTML.

/** HTML that is safe to insert. */
export type Html = { readonly html: string };
type Content = Html | string | number | undefined | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function toText(content: Content): string {
  if (content === undefined || content === false) return "";
  if (Array.isArray(content)) return content.map(toText).join("");
  if (typeof content === "object") return (content as Html).html;
  // A control character is no part of a document. https://html.spec.whatwg.org/multipage/syntax.html#text-2
  return String(content)
    .replace(/(?![\t\n\r])\p{Cc}/gu, "")
    .replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A tagged template. Values are for text and for attributes in double quotes; undefined and false are nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return { html: String.raw({ raw: strings }, ...values.map(toText)) };
}

/** An address that a link may lead to, as it was written; undefined for any other, `javascript:` among them. */
export function linkAddress(address: string | undefined): string | undefined {
  const { protocol = "" } = URL.parse(address ?? "") ?? {};
  return ["http:", "https:", "mailto:"].includes(protocol) ? address : undefined;
}
