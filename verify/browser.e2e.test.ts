// The sample page and the interactive API documentation in a real browser, on one backend.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gifScript } from "../functions/images/hostile-images.fixture.ts";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import { measureBadges } from "./badges.fixture.ts";
import { openLibrary } from "./library.fixture.ts";
import { type Image, json, type PageCount } from "./responses.fixture.ts";

const WAIT = { timeout: 45_000 };
let backend: Backend;
let browser: Browser;
beforeAll(async () => {
  [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await backend?.close();
});

/** Opens a page and records its requests and errors. */
async function open(url: string) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(url);
  return { page, requests, errors };
}

const visitorNumber = (page: Page) => page.locator("[data-visitor-count]").first();

it("the sample page shows two visitors consecutive numbers", async () => {
  const { count } = await json<PageCount>(fetch(`${backend.api}/v1/visits/resume`));
  for (const number of [count + 1, count + 2]) {
    const { page, errors } = await open(`${backend.host.url}/`);
    await visitorNumber(page)
      .filter({ hasText: new RegExp(`\\b${number}\\b`) })
      .waitFor();
    expect(errors).toEqual([]);
    await page.close();
  }
});

it("the sample page keeps its text when the store is down", async () => {
  await backend.proxy.stop();
  const { page, errors } = await open(`${backend.host.url}/`);
  const originalText = await visitorNumber(page).textContent();
  const response = await page.waitForResponse((each) => each.url().includes("/v1/visits/"), { timeout: 30_000 });
  expect(response.status()).toBe(503);
  await page.evaluate("new Promise(requestAnimationFrame)");
  expect(await visitorNumber(page).textContent()).toBe(originalText);
  expect(originalText).not.toMatch(/\d/);
  // The browser itself logs the failed request; the script logs nothing.
  expect(errors.filter((error) => !error.startsWith("Failed to load resource"))).toEqual([]);
  await page.close();
  await backend.proxy.start();
});

it("a page shows a badge as an image", async () => {
  const { page } = await open(`${backend.host.url}/`);
  const load = (query: string) =>
    page.evaluate(`new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve([image.naturalWidth > 60, image.naturalHeight]);
      image.onerror = reject;
      image.src = ${JSON.stringify(`${backend.api}/v1/visits/resume/badge.svg?${query}`)};
    })`);
  expect(await load("sparkline")).toEqual([true, 20]);
  expect(await load("style=for-the-badge&unique")).toEqual([true, 28]);
  await page.close();
});

it("the text of badges fits, and no label becomes markup", async () => {
  const { page } = await open("about:blank");
  const { badges, isLatin, usual } = await measureBadges(page);
  expect(badges.length).toBeGreaterThan(100);
  for (const each of badges) {
    expect(each.elements).toBe(usual(each)?.elements);
    expect(each.name).toBe(each.title);
    expect(each.texts.length).toBeGreaterThanOrEqual(2);
    expect(each.texts.filter(({ inside }) => !inside)).toEqual([]);
    // The font of this machine differs a little from the one that was measured.
    if (isLatin(each)) for (const { stretched } of each.texts) expect(Math.abs(stretched - 1)).toBeLessThan(0.25);
  }
  await page.close();
});

const operationsOn = (page: Page) =>
  page.locator(".opblock").evaluateAll((blocks) =>
    blocks.map((block) => {
      const text = (part: string) => block.querySelector(part)?.textContent?.replaceAll("\u200b", "").trim();
      return `${text(".opblock-summary-method")} ${text(".opblock-summary-path")}`;
    }),
  );

it("the documentation shows every operation except HEAD, calls only its own server and logs no error", async () => {
  const { page, requests, errors } = await open(`${backend.host.url}/docs`);
  await page.locator(".opblock").first().waitFor(WAIT);
  const { paths } = await json<{ paths: Record<string, object> }>(fetch(`${backend.api}/openapi.json`));
  const expected = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).flatMap((method) => (method === "head" ? [] : `${method.toUpperCase()} ${path}`)),
  );
  expect((await operationsOn(page)).sort()).toEqual(expected.sort());
  expect(requests.filter((url) => !url.startsWith(`${backend.host.url}/`) && !url.startsWith("data:"))).toEqual([]);
  expect(requests).toContain(`${backend.api}/openapi.json`);
  expect(errors).toEqual([]);
  await page.close();
});

it("the documentation follows the colour scheme of the system, and links to the page", async () => {
  const { page, errors } = await open(`${backend.host.url}/docs/`);
  const background = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  await page.emulateMedia({ colorScheme: "light" });
  const light = await background();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(background).not.toBe(light);
  expect(await page.title()).toBe("Vitae API");
  expect(await page.getByRole("link", { name: "The page" }).getAttribute("href")).toBe("/");
  expect(errors).toEqual([]);
  await page.close();
});

it("the documentation calls an operation and shows the response", async () => {
  const { page, requests, errors } = await open(`${backend.host.url}/docs/#/Visits/visitor-counter`);
  const block = page.locator("#operations-Visits-visitor-counter");
  await block.getByRole("button", { name: "Try it out" }).click(WAIT);
  await block.getByRole("button", { name: "Execute" }).click(WAIT);
  await block.locator(".live-responses-table .response").getByText('"count"').first().waitFor(WAIT);
  expect(requests).toContain(`${backend.api}/v1/visits/resume`);
  expect(errors).toEqual([]);
  await page.close();
});

it("the documentation uploads an image with a token", async () => {
  const { page, errors } = await open(`${backend.host.url}/docs/#/Images/image-upload`);
  await page.locator(".authorize.unlocked").first().click(WAIT);
  await page.getByLabel("auth-bearer-value").fill(await backend.token("owner"), WAIT);
  await page.getByRole("button", { name: "Apply credentials" }).click(WAIT);
  await page.getByRole("button", { name: "Close" }).click(WAIT);
  const block = page.locator("#operations-Images-image-upload");
  await block.getByRole("button", { name: "Try it out" }).click(WAIT);
  const buffer = await testImage("png", { width: 60, height: 40 });
  await block.locator("input[type=file]").setInputFiles({ name: "small.png", mimeType: "image/png", buffer });
  await block.getByRole("button", { name: "Execute" }).click(WAIT);
  const result = block.locator(".live-responses-table .response");
  await result.getByText('"small.png"').first().waitFor(WAIT);
  expect(await result.locator(".response-col_status").first().textContent()).toContain("201");
  expect(errors).toEqual([]);
  await page.close();
});

it("the documentation has a policy without inline scripts, and serves only the files it needs", async () => {
  const response = await fetch(`${backend.host.url}/docs/`);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  for (const path of ["/docs/index.js", "/docs/swagger-initializer.js", "/docs/%2e%2e/docs.ts", "/docs/../docs.ts"])
    expect((await fetch(`${backend.host.url}${path}`)).status).toBe(404);
});

it("the documentation is 404 when OPENAPI_ENABLED is false", async () => {
  const { url } = await backend.addHost({ OPENAPI_ENABLED: "false" });
  for (const path of ["/docs", "/docs/", "/docs/swagger-ui.css"])
    expect((await fetch(`${url}${path}`)).status).toBe(404);
});

it("the package does not contain the documentation", () => {
  const files = readdirSync(backend.app, { recursive: true, encoding: "utf8" });
  expect(files).toContain("app.js");
  expect(files.filter((file) => /swagger|docs/i.test(file))).toEqual([]);
  for (const file of files.filter((each) => each.endsWith(".js") || each.endsWith(".json")))
    expect(readFileSync(join(backend.app, file), "utf8")).not.toMatch(/swagger-ui/i);
});

it("a link to a GIF that is also a script shows an image and runs nothing, as does the link in a script element", async () => {
  const library = openLibrary(backend.api, await backend.token("owner"));
  const bytes = gifScript();
  const { id } = await json<Image>(library.upload(bytes, undefined, "?optimize=false"));
  const { url } = await library.link(id, "original");
  // A document without a policy, which would prevent both.
  const { page } = await open(`${backend.host.url}/style.css`);
  /** Loads the bytes as a script and returns the event and whether they ran. */
  const load = (src: string) =>
    page.evaluate(`new Promise((resolve) => {
      const script = document.createElement("script");
      script.onload = script.onerror = ({ type }) => resolve([type, globalThis.scriptRan === true]);
      script.src = ${JSON.stringify(src)};
      document.head.append(script);
    })`);
  expect(await load(url)).toEqual(["error", false]);
  // The same bytes are a valid script where the content type does not say image.
  expect(await load(`data:text/javascript;base64,${bytes.toString("base64")}`)).toEqual(["load", true]);
  await page.goto(url);
  expect(await page.evaluate("[document.contentType, typeof scriptRan]")).toEqual(["image/gif", "undefined"]);
  await page.close();
});
