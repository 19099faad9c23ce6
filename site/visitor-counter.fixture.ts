// The sample page in a real Chromium, against an API whose response each test chooses.
import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import resume from "./resume.json" with { type: "json" };
import type { Resume } from "./resume.ts";
import { renderPage } from "./resume-page.ts";

export type Respond = (response: ServerResponse) => void;

export const ORIGINAL_TEXT = "You are one of the visitors of this page.";
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

const CONTEXT = { locale: "de-DE" };
/** Methods of a tab whose effect stays. */
const CHANGES = ["addInitScript", "emulateMedia", "exposeFunction", "route", "setViewportSize"] as const;
const rejectChange = () => Promise.reject(new Error("This would change the tab of other tests: call ownTab() first."));

/**
 * Registers the hooks that give each test a new origin, so without cache, storage or connections of another. The tests share
 * a tab, since a new one takes a quarter of a second of CPU time. Every test fails if its page logs an error.
 * @param policy the page's own permits its own API only, so tests of other tags have one from the server
 */
export function setUpPage(policy: "of the page" | "of the server" = "of the server") {
  const visit = {} as Visit;
  let errors: unknown[] = [];
  let browser: Browser | undefined;
  let shared: Page | undefined;

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

  function watch(page: Page): Page {
    page.on("pageerror", (error) => errors.push(error));
    page.on("console", (message) => {
      const [, warning] = /^visitor-counter: (.*)$/.exec(message.text()) ?? [];
      if (warning) return void visit.warnings.push(warning);
      // The browser itself logs failed requests; any other line comes from the policy.
      if (!/^(?:Failed to load resource|Access to fetch)/.test(message.text())) errors.push(message.text());
    });
    return page;
  }

  beforeAll(async () => {
    browser = await launchBrowser();
    shared = watch(await browser.newPage(CONTEXT));
    for (const name of CHANGES) shared[name] = rejectChange;
    shared.clock.install = rejectChange;
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    errors = [];
    await new Promise<void>((listening) => server.listen(0, listening));
    const page = shared as Page;
    const gallery = body('{"images":[]}');
    const edit = (html: string) => html;
    Object.assign(visit, { page, respond: counted(1234), gallery, resume, edit, visits: [], warnings: [] });
  });
  afterEach(async () => {
    // Ends the requests of the page, so that none fails in the next test.
    if (visit.page === shared) await visit.page.goto("about:blank");
    else await visit.page.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    expect(errors).toEqual([]);
  });

  return {
    visit,
    /** Gives the test a tab that it may change: its scripts, clock, size or media. */
    async ownTab(): Promise<Page> {
      visit.page = watch(await (browser as Browser).newPage(CONTEXT));
      return visit.page;
    },
    origin: (host = "localhost") => `http://${host}:${(server.address() as AddressInfo).port}`,
    /** The text of the page's own element. */
    sentence: () => visit.page.locator("[data-visitor-count]").first().textContent(),
    shows: (text: string) => visit.page.getByText(text, { exact: true }).first().waitFor(),
    /** Resolves when the page has handled its earlier requests: a later request has its response. */
    settled: () => visit.page.evaluate("fetch('/later').then(() => new Promise(requestIdleCallback))"),
  };
}
