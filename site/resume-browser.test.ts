// The page of a résumé in a real Chromium: accessible, complete without script, and with a gallery.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContext } from "playwright-core";
import { expect, it } from "vitest";
import { body, setUpPage } from "./visitor-counter.fixture.ts";

const { visit, ownTab, origin, shows } = setUpPage("of the page");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const variants = [640, 256, 1280].flatMap((width) =>
  ["jpeg", "avif", "webp"].map((format) => ({ url: `/images/1/${width}.${format}`, format, width, height: width / 2 })),
);
const image = {
  id: "1",
  alt: '"><b>Boat</b>',
  description: "<i>In</i> the harbour",
  variants,
  dominantColor: "#d8a878",
};
const PLACEHOLDER = "data:image/png;base64,iVBORw0KGgo=";
const gallery = body(
  JSON.stringify({ images: [image, { ...image, alt: undefined, description: undefined, placeholder: PLACEHOLDER }] }),
);
const SHOWN = "You are visitor 1,234 of this page.";

async function violations(): Promise<unknown> {
  await visit.page.evaluate(axe);
  return visit.page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
  );
}

it("axe finds no violation, with images, in light, dark and at the width of a phone", async () => {
  const page = await ownTab();
  visit.gallery = gallery;
  await page.goto(origin());
  await shows(SHOWN);
  await page.getByRole("heading", { name: "Gallery" }).waitFor();
  expect(await violations()).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await violations()).toEqual([]);
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await violations()).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
});

it("the gallery has sources by format, sizes, a lazy image and a placeholder, and no text becomes markup", async () => {
  const { page } = visit;
  visit.gallery = gallery;
  await page.goto(origin());
  await page.getByText("<i>In</i> the harbour").waitFor();
  const [sources, first, second] = (await page.evaluate(`(() => {
    const [image, other] = document.images;
    return [
      [...image.parentElement.querySelectorAll("source")].map(({ type, srcset }) => [type, srcset]),
      [image.getAttribute("src"), image.getAttribute("width"), image.loading, image.alt],
      [other.alt, other.style.backgroundImage],
    ];
  })()`)) as unknown[];
  expect(sources).toEqual(
    ["avif", "webp"].map((format) => [
      `image/${format}`,
      [256, 640, 1280].map((width) => `/images/1/${width}.${format} ${width}w`).join(", "),
    ]),
  );
  expect(first).toEqual(["/images/1/1280.jpeg", "1280", "lazy", image.alt]);
  expect(second).toEqual(["", `url("${PLACEHOLDER}")`]);
  expect(await page.locator("figure b, figure i").count()).toBe(0);
});

it("the page shows no heading of a gallery when there are no images or no backend", async () => {
  const { page } = visit;
  const responses = [body('{"images":[]}'), body("<"), body("null"), body('{"images":[{}]}')];
  for (const respond of responses) {
    visit.gallery = respond;
    const response = page.waitForResponse("**/v1/gallery");
    await page.goto(origin());
    await (await response).finished();
    await shows(SHOWN);
    expect(await page.getByRole("heading", { name: "Gallery" }).count()).toBe(0);
  }
});

it("the page is complete without script, except for the number and the gallery", async () => {
  const withScript = await visit.page.goto(origin()).then(() => visit.page.locator("main").innerText());
  const context = (await visit.page.context().browser()?.newContext({ javaScriptEnabled: false })) as BrowserContext;
  const page = await context.newPage();
  await page.goto(origin());
  expect(await page.locator("main").innerText()).toBe(withScript);
  expect(await page.locator("[data-visitor-count]").innerText()).toBe("You are one of the visitors of this page.");
  await context.close();
});

it("on paper the page has neither the number nor the gallery", async () => {
  const page = await ownTab();
  visit.gallery = gallery;
  await page.goto(origin());
  await shows(SHOWN);
  await page.getByRole("heading", { name: "Gallery" }).waitFor();
  await page.emulateMedia({ media: "print" });
  expect(await page.locator("[data-visitor-count], [data-gallery]").filter({ visible: true }).count()).toBe(0);
  expect(await page.locator("h1").isVisible()).toBe(true);
});
