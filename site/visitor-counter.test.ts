// The page's script in a real Chromium, against an API whose response each test chooses.
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { launchBrowser } from "../scripts/browser.fixture.ts";

type Respond = (response: ServerResponse) => void;

const ORIGINAL_TEXT = "You are one of the visitors of this page.";
const PUBLIC_HOST = "resume.example";
const TAG = '<script defer src="visitor-counter.js" data-page="resume"></script>';
const TYPES: Record<string, string> = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };
// A strict policy: the page must work with its own files and the API alone.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src http:";

const body = (text: string): Respond => {
  return (response) => response.setHeader("Content-Type", "application/json").end(text);
};
const counted = (count: number) => body(JSON.stringify({ page: "resume", count, today: 1 }));

/** The API's behaviour, the test's edit of the HTML, and the requests that reached the API (`POST /api/v1/...`). */
let respond: Respond;
let edit: (html: string) => string;
let visits: string[];
let page: Page;
let errors: unknown[];
/** Warnings of the script. */
let warnings: string[];
let browser: Browser;

const server = createServer(async (request, response) => {
  const path = request.url?.split("?")[0] ?? "/";
  // The host in front of the app sends no CORS header with its 404.
  if (path.startsWith("/v1/")) return response.writeHead(404).end();
  if (path.includes("/v1/visits/")) {
    visits.push(`${request.method} ${path}`);
    response.setHeader("Access-Control-Allow-Origin", "*");
    return respond(response);
  }
  const name = path === "/" ? "index.html" : path.slice(1);
  const type = TYPES[extname(name)];
  if (!type) return response.end();
  const content = await readFile(join(import.meta.dirname, name), "utf8");
  response.setHeader("Content-Type", `${type}; charset=utf-8`).setHeader("Content-Security-Policy", POLICY);
  response.end(name === "index.html" ? edit(content) : content);
});
const origin = (host = "localhost") => `http://${host}:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, listening));
  // Playwright switches the back/forward cache off; visitors have it on.
  browser = await launchBrowser({
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: [`--host-resolver-rules=MAP ${PUBLIC_HOST} 127.0.0.1`],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  respond = counted(1234);
  edit = (html) => html;
  visits = [];
  errors = [];
  warnings = [];
  page = await browser.newPage({ locale: "de-DE" });
  page.on("pageerror", (error) => errors.push(error));
  page.on("console", (message) => {
    const [, warning] = /^visitor-counter: (.*)$/.exec(message.text()) ?? [];
    if (warning) return void warnings.push(warning);
    // The browser itself logs failed requests; any other line comes from the policy.
    if (!/^(?:Failed to load resource|Access to fetch)/.test(message.text())) errors.push(message.text());
  });
});
afterEach(async () => {
  await page.close();
  expect(errors).toEqual([]);
});

const sentence = () => page.locator("[data-visitor-count]").first();
const shows = (text: string) => page.getByText(text, { exact: true }).first().waitFor();
const withTag = (tag: string) => (html: string) => html.replace(TAG, tag);

/** Resolves when the page has handled its earlier requests: a later request has its response. */
const settled = () => page.evaluate("fetch('/later').then(() => new Promise(requestIdleCallback))");

it("formats the visitor's number in the language of the page", async () => {
  respond = counted(1234567);
  await page.goto(origin());
  await shows("You are visitor 1,234,567 of this page.");
  expect(visits).toEqual(["POST /api/v1/visits/resume"]);
});

it("formats the number in the language of the element, and shows it alone when the attribute is empty", async () => {
  const elements = `<b data-visitor-count lang="de"></b><i data-visitor-count lang="?"></i>`;
  edit = (html) => html.replace("</main>", `${elements}</main>`);
  await page.goto(origin());
  await page.locator("b", { hasText: /^1\.234$/ }).waitFor();
  await page.locator("i", { hasText: /^1\.234$/ }).waitFor();
});

it.each([1280, 390, 320])("causes no layout shift on a page %i pixels wide when the number arrives", async (width) => {
  await page.setViewportSize({ width, height: 800 });
  let release = () => {};
  respond = (response) => {
    release = () => counted(1234)(response);
  };
  await page.goto(origin());
  await page.evaluate(`
    globalThis.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
    new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))`);
  expect(await sentence().textContent()).toBe(ORIGINAL_TEXT);
  await expect.poll(() => visits.length).toBe(1);
  release();
  await shows("You are visitor 1,234 of this page.");
  await settled();
  expect(await page.evaluate("shifts.reduce((sum, shift) => sum + shift.value, 0)")).toBe(0);
});

it("shows the number of a degraded response", async () => {
  respond = body('{"page":"resume","count":1234,"today":1,"degraded":true}');
  await page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
});

it("counts the page and calls the API that its tag names, without a preflight", async () => {
  const tag = `<script defer src="visitor-counter.js" data-page="my-work" data-api="${origin("127.0.0.1")}/base/"></script>`;
  edit = withTag(tag);
  await page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
  expect(visits).toEqual(["POST /base/v1/visits/my-work"]);
});

it("finds its tag when loaded as a module", async () => {
  edit = withTag('<script type="module" src="visitor-counter.js" data-page="my-work"></script>');
  await page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
  expect(visits).toEqual(["POST /api/v1/visits/my-work"]);
});

it.each<[string, Respond]>([
  ["a 503 with a number", (response) => counted(7)(Object.assign(response, { statusCode: 503 }))],
  ["a 500 without a body", (response) => response.writeHead(500).end()],
  ["an HTML page", (response) => response.end("<!doctype html><p>1234</p>")],
  ["truncated JSON", body('{"count": 12')],
  ["null", body("null")],
  ["a number in quotes", body('{"count":"1234"}')],
  ["a negative number", counted(-1)],
  ["zero", counted(0)],
  ["a fraction", counted(1.5)],
  ["a number that JavaScript would round", body('{"page":"resume","count":9007199254740993,"today":1}')],
  ["a reset connection", (response) => response.destroy()],
])("keeps the original text when the response is %s", async (_, broken) => {
  respond = broken;
  await page.goto(origin());
  await expect.poll(() => visits.length).toBe(1);
  await settled();
  expect(await sentence().textContent()).toBe(ORIGINAL_TEXT);
  expect([visits.length, warnings.length]).toEqual([1, 1]);
});

const failure: Respond = (response) =>
  body('{"error":{"code":"NOT_FOUND","message":"No page \\"resume\\" is counted here."}}')(
    Object.assign(response, { statusCode: 404 }),
  );

it("warns once on localhost with the API's own message", async () => {
  respond = failure;
  await page.goto(origin());
  await expect
    .poll(() => warnings)
    .toEqual([`no number. /api/v1/visits/resume returned 404: No page "resume" is counted here.`]);
});

it("warns on a public host with data-debug only", async () => {
  respond = failure;
  await page.goto(origin(PUBLIC_HOST));
  await settled();
  expect([visits.length, warnings]).toEqual([1, []]);
  edit = withTag(TAG.replace("defer", "defer data-debug"));
  await page.goto(origin(PUBLIC_HOST));
  await expect.poll(() => warnings).toHaveLength(1);
});

it("recognises a data-api without /api, which the browser reports as a CORS error", async () => {
  const api = origin("127.0.0.1");
  edit = withTag(TAG.replace("defer", `defer data-api="${api}"`));
  await page.goto(origin());
  await expect
    .poll(() => warnings)
    .toEqual([
      expect.stringMatching(
        /CORS origins include http:\/\/localhost:\d+\? Is data-api="\S+" without the \/api at its end\?$/,
      ),
    ]);
});

it("fills an element that appears up to a minute after the number, and then stops watching the page", async () => {
  const add = (id: string) =>
    page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", "<p id=${id} data-visitor-count='No. {count}'>?</p>")`,
    );
  await page.clock.install();
  await page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
  await add("soon");
  await page.locator("#soon", { hasText: "No. 1,234" }).waitFor();
  await page.clock.fastForward(61_000);
  await add("late");
  await settled();
  expect(await page.locator("#late").textContent()).toBe("?");
});

it.each<[string, Respond]>([
  ["never starts", () => {}],
  ["never ends", (response) => response.writeHead(200, { "Content-Type": "application/json" }).write('{"count":1')],
])("keeps the original text after the timeout when the response %s", async (_, silent) => {
  respond = silent;
  edit = withTag(TAG.replace("defer", 'defer data-timeout="300"'));
  const [request] = await Promise.all([page.waitForEvent("requestfailed"), page.goto(origin())]);
  expect(request.method()).toBe("POST");
  await expect.poll(() => warnings).toEqual([expect.stringContaining("did not respond within 300 ms.")]);
  expect(await sentence().textContent()).toBe(ORIGINAL_TEXT);
});

it.each([
  ["twice", TAG + TAG],
  ["from two URLs", TAG + TAG.replace(".js", ".js?v=2")],
  ["also as a module", TAG + TAG.replace("defer", 'type="module"')],
])("counts one visit when the script is included %s", async (_, tags) => {
  edit = withTag(tags);
  await page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
  await settled();
  expect(visits).toHaveLength(1);
});

it("counts every load except a page restored from the back/forward cache", async () => {
  await page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
  respond = counted(1235);
  // The event is simulated, since the browser decides by its memory whether it caches a page.
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  await settled();
  expect(await sentence().textContent()).toBe("You are visitor 1,234 of this page.");
  expect(visits).toHaveLength(1);
  await page.reload();
  await shows("You are visitor 1,235 of this page.");
  expect(visits).toHaveLength(2);
});

it("counts a prerendered page when it is shown", async () => {
  // Prerendering is simulated, since Playwright reports prerendered pages only once they are shown.
  await page.addInitScript("Object.defineProperty(document, 'prerendering', { value: true, configurable: true })");
  await page.goto(origin());
  await settled();
  expect(visits).toEqual([]);
  await page.evaluate("delete document.prerendering; document.dispatchEvent(new Event('prerenderingchange'))");
  await shows("You are visitor 1,234 of this page.");
  expect(visits).toHaveLength(1);
});
