// Badges in Chromium: parsed as strict XML, drawn and measured, all in one call to the browser.
import fc from "fast-check";
import type { Page } from "playwright-core";
import { badgeQuery, styles } from "../functions/visitor-counter/badge-options.ts";
import { drawBadge } from "../functions/visitor-counter/badge-svg.ts";

const LONGEST = "The longest label that a badge can have, with 64 characters here";
const DAILY = Array.from({ length: 30 }, (_, day) => (day * 7) % 31);

type Drawn = { readonly style: string; readonly label: string; readonly daily: boolean; readonly svg: string };

async function drawAll(labels: readonly string[]): Promise<Drawn[]> {
  const wanted = styles.flatMap((style) =>
    labels.flatMap((label) => [false, true].map((daily) => ({ style, label, daily }))),
  );
  return Promise.all(
    wanted.map(async (each) => {
      const content = { label: each.label, message: "1,234,567", color: "blue" };
      return { ...each, svg: await drawBadge(content, { style: each.style, daily: each.daily ? DAILY : [] }) };
    }),
  );
}

/** Labels that the query accepts, most of them with markup. */
function labels(): string[] {
  const markup = fc.constantFrom(
    "<script>",
    "</text>",
    "&lt;",
    "]]>",
    "<!--",
    '"',
    "' onload='x",
    "&#x1b;",
    "é",
    "👩‍💻",
  );
  const text = fc.array(fc.oneof(markup, fc.string({ unit: "grapheme", maxLength: 4 })), {
    minLength: 1,
    maxLength: 6,
  });
  const accepted = text
    .map((parts) => parts.join(""))
    // A badge with a blank label has one text.
    .filter((label) => label.trim() !== "" && badgeQuery.safeParse({ label }).success);
  return fc.sample(accepted, 8);
}

/** Runs in the browser, which gets it as text. */
const measure = `(badges) => badges.map(({ svg }) => {
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  const root = document.importNode(parsed.documentElement, true);
  document.body.replaceChildren(root);
  const box = root.getBoundingClientRect();
  // With their shadows.
  const texts = [...root.querySelectorAll("text")].map((text) => {
    const { left, right } = text.getBoundingClientRect();
    const fixed = text.getComputedTextLength();
    text.removeAttribute("textLength");
    return { inside: left >= box.left && right <= box.right, stretched: fixed / text.getComputedTextLength() };
  });
  return {
    elements: [root, ...root.querySelectorAll("*")].map((each) => each.tagName + " " + each.getAttributeNames()).join("|"),
    title: root.querySelector("title")?.textContent,
    name: root.getAttribute("aria-label"),
    texts,
  };
})`;

type Measured = {
  /** Names of all elements with their attributes; of a parser error others. */
  readonly elements: string;
  readonly title: string | undefined;
  readonly name: string | null;
  readonly texts: readonly { readonly inside: boolean; readonly stretched: number }[];
};

/** Every style, without and with a sparkline, of three labels of known widths and of arbitrary ones. */
export async function measureBadges(page: Page) {
  const drawn = await drawAll(["visits", LONGEST, "Besucher heute: äöüß", ...labels()]);
  const measured = (await page.evaluate(`(${measure})(${JSON.stringify(drawn)})`)) as Measured[];
  const badges = drawn.map((each, index) => ({ ...each, ...(measured[index] as Measured) }));
  const isLatin = ({ label }: Drawn) => ["visits", LONGEST, "Besucher heute: äöüß"].includes(label);
  /** The same badge with a harmless label. */
  const usual = ({ style, daily }: Drawn) =>
    badges.find((each) => each.style === style && each.daily === daily && each.label === "visits");
  return { badges, isLatin, usual };
}
