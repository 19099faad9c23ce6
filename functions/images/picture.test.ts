// The HTML of a picture as Chromium parses it, for arbitrary values.
import fc from "fast-check";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "../../scripts/browser.fixture.ts";
import { anyText } from "../lib/any-text.fixture.ts";
import { type PictureFile, pictureHtml } from "./picture.ts";

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage();
});
afterAll(() => browser?.close());

type Parsed = { readonly tag: string; readonly attributes: Readonly<Record<string, string>> };

/** The elements below the body of a page with this HTML, in document order, and the text. */
const parse = (html: string) =>
  page.evaluate<{ elements: Parsed[]; text: string | null }, string>((source) => {
    // Runs in the browser.
    const { body } = new (globalThis as unknown as { DOMParser: new () => DomParser }).DOMParser().parseFromString(
      source,
      "text/html",
    );
    const elements = [...body.querySelectorAll("*")].map(({ localName, attributes }) => ({
      tag: localName,
      attributes: Object.fromEntries([...attributes].map(({ name, value }) => [name, value])),
    }));
    return { elements, text: body.textContent };
  }, html);
type DomParser = {
  parseFromString(
    source: string,
    type: string,
  ): {
    body: {
      textContent: string | null;
      querySelectorAll(
        selector: string,
      ): Iterable<{ localName: string; attributes: Iterable<{ name: string; value: string }> }>;
    };
  };
};

const file = (format: PictureFile["format"], width: number, height: number, query = ""): PictureFile => ({
  format,
  width,
  height,
  url: `https://media.example.com/${width}x${height}.${format}?sp=r&sig=a%2Bb${query}`,
});

it("a picture offers each format by real widths, best compression first, with the original's format for all others", async () => {
  const sizes = [
    [256, 171],
    [640, 427],
    [1_000, 667],
  ] as const;
  const files = (["jpeg", "avif", "webp"] as const).flatMap((format) => sizes.map(([w, h]) => file(format, w, h)));
  const { elements } = await parse(pictureHtml({ files, alt: "A café", placeholder: "UklGRg==" }));
  expect(elements.map(({ tag, attributes }) => [tag, attributes.type])).toEqual([
    ["picture", undefined],
    ["source", "image/avif"],
    ["source", "image/webp"],
    ["img", undefined],
  ]);
  const srcset = (format: PictureFile["format"]) =>
    sizes.map(([width, height]) => `${file(format, width, height).url} ${width}w`).join(", ");
  expect(elements.map(({ attributes }) => attributes.srcset)).toEqual([
    undefined,
    ...(["avif", "webp", "jpeg"] as const).map(srcset),
  ]);
  expect(elements[3]?.attributes).toEqual({
    src: file("jpeg", 1_000, 667).url,
    srcset: srcset("jpeg"),
    sizes: "(max-width: 1000px) 100vw, 1000px",
    width: "1000",
    height: "667",
    alt: "A café",
    loading: "lazy",
    decoding: "async",
    style: "max-width:100%;height:auto;background:url(data:image/webp;base64,UklGRg==) center/cover no-repeat",
  });
});

it("a picture of a very tall image names each width once, with its tallest file", async () => {
  const { elements } = await parse(pictureHtml({ files: [file("webp", 1, 640), file("webp", 1, 256)], alt: "" }));
  expect(elements[1]?.attributes).toMatchObject({
    srcset: `${file("webp", 1, 640).url} 1w`,
    width: "1",
    height: "640",
    alt: "",
  });
});

it("a picture is one element with the attributes as given, whatever the text contains", async () => {
  const dangerous = fc.constantFrom(
    '"',
    "'",
    "<",
    ">",
    "&",
    "</picture>",
    "<script>",
    "&quot;",
    "&#0;",
    "\r\n",
    "\0",
    "`",
    "-->",
    "\ud800",
  );
  const text = fc.array(fc.oneof(dangerous, anyText(4)), { maxLength: 8 }).map((parts) => parts.join(""));
  // HTML has no NUL and no half of a surrogate pair.
  const asHtml = (value: string) => value.toWellFormed().replaceAll("\0", "\ufffd");
  await fc.assert(
    fc.asyncProperty(text, text, async (alt, query) => {
      const one = file("webp", 10, 10, query);
      const { elements, text: outside } = await parse(pictureHtml({ files: [one], alt }));
      expect(elements.map(({ tag }) => tag)).toEqual(["picture", "img"]);
      expect(outside).toBe("");
      expect(elements[1]?.attributes).toMatchObject({ alt: asHtml(alt), src: asHtml(one.url) });
      expect(Object.keys(elements[1]?.attributes ?? {})).toHaveLength(9);
    }),
    { numRuns: 200 },
  );
});
