// The sample page in a real browser on a real backend.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import { json, type PageCount } from "./responses.fixture.ts";

let backend: Backend;
let browser: Browser;
beforeAll(async () => {
  [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await backend?.close();
});

/** Opens the page as a new visitor. */
async function open() {
  const page = await browser.newPage();
  const errors: unknown[] = [];
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(`${backend.host.url}/`);
  const visitor = page.locator("[data-visitor-count]").first();
  return { page, errors, visitor };
}

it("the page shows two visitors consecutive numbers", async () => {
  const { count } = await json<PageCount>(fetch(`${backend.api}/v1/visits/resume`));
  for (const number of [count + 1, count + 2]) {
    const { page, visitor, errors } = await open();
    await visitor.filter({ hasText: new RegExp(`\\b${number}\\b`) }).waitFor();
    expect(errors).toEqual([]);
    await page.close();
  }
});

it("the page keeps its text and shows no error when the store is down", async () => {
  await backend.proxy.stop();
  const { page, visitor, errors } = await open();
  const originalText = await visitor.textContent();
  const response = await page.waitForResponse((each) => each.url().includes("/v1/visits/"), { timeout: 30_000 });
  expect(response.status()).toBe(503);
  await page.evaluate("new Promise(requestAnimationFrame)");
  expect(await visitor.textContent()).toBe(originalText);
  expect(originalText).not.toMatch(/\d/);
  expect(errors).toEqual([]);
  await page.close();
  await backend.proxy.start();
});
