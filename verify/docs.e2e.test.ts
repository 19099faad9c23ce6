// The interactive page of the API in a real browser: it shows every operation, tries one, and asks nobody else.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testImage } from "../functions/images/test-images.fixture.ts";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import { json } from "./responses.fixture.ts";

const PATIENCE = { timeout: 45_000 };
let backend: Backend;
let browser: Browser;
beforeAll(async () => {
  [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await backend?.close();
});

/** The page, with what it asked for and what went wrong in it. */
async function open(url: string) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
  const asked: string[] = [];
  const wrong: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  await page.goto(url);
  return { page, asked, wrong };
}

const shown = (page: Page) =>
  page.locator(".opblock").evaluateAll((blocks) =>
    blocks.map((block) => {
      const text = (part: string) => block.querySelector(part)?.textContent?.replaceAll("\u200b", "").trim();
      return `${text(".opblock-summary-method")} ${text(".opblock-summary-path")}`;
    }),
  );

it("shows every operation of the document, asks nobody but its own server, and complains of nothing", async () => {
  const { page, asked, wrong } = await open(`${backend.host.url}/docs`);
  await page.locator(".opblock").first().waitFor(PATIENCE);
  const { paths } = await json<{ paths: Record<string, object> }>(fetch(`${backend.api}/openapi.json`));
  const wanted = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect((await shown(page)).sort()).toEqual(wanted.sort());
  expect(asked.filter((url) => !url.startsWith(`${backend.host.url}/`) && !url.startsWith("data:"))).toEqual([]);
  expect(asked).toContain(`${backend.api}/openapi.json`);
  expect(wrong).toEqual([]);
  await page.close();
});

it("calls an operation from the page, and shows its answer", async () => {
  const { page, asked, wrong } = await open(`${backend.host.url}/docs/#/Visits/visitor-counter`);
  const block = page.locator("#operations-Visits-visitor-counter");
  await block.getByRole("button", { name: "Try it out" }).click(PATIENCE);
  await block.getByRole("button", { name: "Execute" }).click(PATIENCE);
  await block.locator(".live-responses-table .response").getByText('"count"').first().waitFor(PATIENCE);
  expect(asked).toContain(`${backend.api}/v1/visits/resume`);
  expect(wrong).toEqual([]);
  await page.close();
});

it("takes a token and a picture, and uploads it", async () => {
  const { page, wrong } = await open(`${backend.host.url}/docs/#/Images/image-upload`);
  await page.locator(".authorize.unlocked").first().click(PATIENCE);
  await page.getByLabel("auth-bearer-value").fill(await backend.token("owner"), PATIENCE);
  await page.getByRole("button", { name: "Apply credentials" }).click(PATIENCE);
  await page.getByRole("button", { name: "Close" }).click(PATIENCE);
  const block = page.locator("#operations-Images-image-upload");
  await block.getByRole("button", { name: "Try it out" }).click(PATIENCE);
  const buffer = await testImage("png", { width: 60, height: 40 });
  await block.locator("input[type=file]").setInputFiles({ name: "small.png", mimeType: "image/png", buffer });
  await block.getByRole("button", { name: "Execute" }).click(PATIENCE);
  const answer = block.locator(".live-responses-table .response");
  await answer.getByText('"small.png"').first().waitFor(PATIENCE);
  expect(await answer.locator(".response-col_status").first().textContent()).toContain("201");
  expect(wrong).toEqual([]);
  await page.close();
});

it("runs under a policy that allows no inline script, and serves nothing else of the package", async () => {
  const answer = await fetch(`${backend.host.url}/docs/`);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  for (const path of ["/docs/index.js", "/docs/swagger-initializer.js", "/docs/%2e%2e/docs.ts", "/docs/../docs.ts"])
    expect((await fetch(`${backend.host.url}${path}`)).status).toBe(404);
});

it("is not there where the document is turned off", async () => {
  const { url } = await backend.addHost({ OPENAPI_ENABLED: "false" });
  for (const path of ["/docs", "/docs/", "/docs/swagger-ui.css"])
    expect((await fetch(`${url}${path}`)).status).toBe(404);
});

it("does not ship", () => {
  const files = readdirSync(backend.app, { recursive: true, encoding: "utf8" });
  expect(files).toContain("app.js");
  expect(files.filter((file) => /swagger|docs/i.test(file))).toEqual([]);
  for (const file of files.filter((each) => each.endsWith(".js") || each.endsWith(".json")))
    expect(readFileSync(join(backend.app, file), "utf8")).not.toMatch(/swagger-ui/i);
});
