// The sample page in a real Chromium, against an API whose response each test chooses.
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import resume from "./resume.json" with { type: "json" };
import type { Resume } from "./resume.ts";
import { renderPage } from "./resume-page.ts";

export type Respond = (response: ServerResponse) => void;

export const ORIGINAL_TEXT = "You are one of the visitors of this page.";
export const PUBLIC_HOST = "resume.example";
export const TAG = '<script defer src="visitor-counter.js" data-page="resume"></script>';
const TYPES: Record<string, string> = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };
// A strict policy: the page must work with its own files and the API alone.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src http:";

// The page's own policy, and the script whose connection Chromium would use for the visit, and then repeat a lost one.
const REMOVED = /<meta http-equiv[^>]*>|<script defer src="gallery.js"><\/script>/g;

export const body = (text: string): Respond => {
  return (response) => response.setHeader("Content-Type", "application/json").end(text);
};
export const counted = (count: number) => body(JSON.stringify({ page: "resume", count, today: 1, counted: true }));

export const withTag = (tag: string) => (html: string) => html.replace(TAG, tag);

/** What one test sets and reads. */
export type Visit = {
  page: Page;
  /** The API's behaviour. @default counts the visit 1234 */
  respond: Respond;
  /** The response of /v1/gallery. @default no images */
  gallery: Respond;
  /** The résumé on the page. @default resume.json */
  resume: Resume;
  /** The test's edit of the HTML. */
  edit: (html: string) => string;
  /** The requests that reached the API, such as `POST /api/v1/visits/resume`. */
  visits: string[];
  /** Warnings of the script. */
  warnings: string[];
};

/**
 * Registers the hooks that give each test a new page of a new origin, so without cache, storage or connections of another.
 * A browser context for each would do the same, at three times the CPU time. Every test fails if its page logs an error.
 * @param policy the page's own permits its own API only, so tests of other tags have one from the server
 */
export function setUpPage(policy: "of the page" | "of the server" = "of the server") {
  const visit = {} as Visit;
  let errors: unknown[] = [];
  let browser: Browser | undefined;
  let context: BrowserContext | undefined;

  const server = createServer(async (request, response) => {
    const path = request.url?.split("?")[0] ?? "/";
    // The host in front of the app sends no CORS header with its 404.
    if (path.startsWith("/v1/")) return response.writeHead(404).end();
    if (path.includes("/v1/visits/")) {
      visit.visits.push(`${request.method} ${path}`);
      response.setHeader("Access-Control-Allow-Origin", "*");
      return visit.respond(response);
    }
    if (path.endsWith("/v1/gallery")) return visit.gallery(response);
    const name = path === "/" ? "index.html" : path.slice(1);
    const type = TYPES[extname(name)];
    if (!type) return response.end();
    const content =
      name === "index.html" ? renderPage(visit.resume) : await readFile(join(import.meta.dirname, name), "utf8");
    response.setHeader("Content-Type", `${type}; charset=utf-8`);
    if (policy === "of the page") return response.end(content);
    response.setHeader("Content-Security-Policy", POLICY);
    response.end(name === "index.html" ? visit.edit(content.replace(REMOVED, "")) : content);
  });

  beforeAll(async () => {
    // Playwright switches the back/forward cache off; visitors have it on.
    browser = await launchBrowser({
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
      args: [`--host-resolver-rules=MAP ${PUBLIC_HOST} 127.0.0.1`],
    });
    context = await browser.newContext({ locale: "de-DE" });
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    errors = [];
    await new Promise<void>((listening) => server.listen(0, listening));
    const page = await (context as BrowserContext).newPage();
    const gallery = body('{"images":[]}');
    const edit = (html: string) => html;
    Object.assign(visit, { page, respond: counted(1234), gallery, resume, edit, visits: [], warnings: [] });
    page.on("pageerror", (error) => errors.push(error));
    page.on("console", (message) => {
      const [, warning] = /^visitor-counter: (.*)$/.exec(message.text()) ?? [];
      if (warning) return void visit.warnings.push(warning);
      // The browser itself logs failed requests; any other line comes from the policy.
      if (!/^(?:Failed to load resource|Access to fetch)/.test(message.text())) errors.push(message.text());
    });
  });
  afterEach(async () => {
    await visit.page.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    expect(errors).toEqual([]);
  });

  return {
    visit,
    origin: (host = "localhost") => `http://${host}:${(server.address() as AddressInfo).port}`,
    /** The text of the page's own element. */
    sentence: () => visit.page.locator("[data-visitor-count]").first().textContent(),
    shows: (text: string) => visit.page.getByText(text, { exact: true }).first().waitFor(),
    /** Resolves when the page has handled its earlier requests: a later request has its response. */
    settled: () => visit.page.evaluate("fetch('/later').then(() => new Promise(requestIdleCallback))"),
  };
}
