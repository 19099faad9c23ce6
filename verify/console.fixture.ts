// The console in Chromium: its pages, the sign-in, the keyboard, and axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";

export const WAIT = { timeout: 45_000 };
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export type ConsoleBrowser = {
  readonly backend: Backend;
  readonly browser: Browser;
  readonly context: BrowserContext;
  /** Errors of its pages, violations of their policy included. */
  readonly problems: readonly string[];
  /** Opens a place, such as #/images, in a new tab. */
  open(place?: string): Promise<Page>;
  signIn(page: Page, password?: string): Promise<void>;
  close(): Promise<void>;
};

/** Starts a backend with the limits of production, and Chromium. */
export async function startConsole(): Promise<ConsoleBrowser> {
  const [backend, browser] = await Promise.all([startBackend({ RATE_LIMITS: "on" }), launchBrowser()]);
  const { api, owner } = backend;
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const problems: string[] = [];
  context.setDefaultTimeout(WAIT.timeout);
  context.on("weberror", (error) => problems.push(error.error().message));
  context.on("console", (message) => /Policy|Trusted/.test(message.text()) && problems.push(message.text()));
  return {
    backend,
    browser,
    context,
    problems,
    async open(place = "") {
      const page = await context.newPage();
      await page.goto(`${api}/console/${place}`);
      return page;
    },
    async signIn(page, password = owner.password) {
      await page.getByLabel("E-mail address").fill(owner.email);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Sign in" }).click();
    },
    async close() {
      await browser.close();
      await backend.close();
    },
  };
}

export const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name, exact: true });

/** A file for an input. Files of different widths are different images. */
export const png = async (name: string, width = 60) => ({
  name,
  mimeType: "image/png",
  buffer: await testImage("png", { width, height: 40 }),
});

/** Names of the images that the API lists. */
export async function imageNames({ api }: Backend, token: string): Promise<string[]> {
  const response = await fetch(`${api}/v1/images?limit=50`, { headers: { authorization: `Bearer ${token}` } });
  const { images } = (await response.json()) as { images: { filename: string }[] };
  return images.map(({ filename }) => filename);
}

/** The text of the element that has the focus, or the label of a field. */
export const focused = (page: Page) =>
  page.evaluate<string>("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent");

/** Presses Tab until the focus is there. */
export async function tabTo(page: Page, text: string): Promise<void> {
  for (let time = 0; time < 60 && (await focused(page)) !== text; time += 1) await page.keyboard.press("Tab");
  expect(await focused(page)).toBe(text);
}

/** The fragments of all views in the navigation. */
export async function readPlaces(page: Page): Promise<string[]> {
  const links = page.getByRole("navigation").getByRole("link");
  await links.first().waitFor();
  return links.evaluateAll((all) => all.map((link) => (link as unknown as { hash: string }).hash));
}

/** Waits until a view shows its data. */
export async function loaded(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await expect.poll(() => page.locator(".loading").count(), WAIT).toBe(0);
}

/** Asserts that axe finds nothing on the page once it has loaded. Dark colours change nothing but the contrast. */
export async function expectAccessible(page: Page, view: string, scheme: "light" | "dark"): Promise<void> {
  await loaded(page);
  // A change of the hash keeps the document and what it has loaded.
  if (!(await page.evaluate("'axe' in globalThis"))) await page.evaluate(axe);
  const run = scheme === "dark" ? 'axe.run({ runOnly: ["color-contrast"] })' : "axe.run()";
  const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(run);
  expect(violations.map(({ id, nodes }) => `${view}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}
