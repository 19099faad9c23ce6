// What the page's script counts, in a real Chromium: once per view, and not where the visitor or a tag says so.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { counted, ORIGINAL_TEXT, setUpPage, TAG, withTag } from "./visitor-counter.fixture.ts";

const { visit, ownTab, origin, sentence, shows, settled } = setUpPage();

const RESUME = "/api/v1/visits/resume";
const SHOWN = "You are visitor 1,234 of this page.";
const ONCE = TAG.replace("defer", "defer data-once");

/** Opens an address and waits for the number. */
async function open(path = "/"): Promise<void> {
  // A new document, also where only the hash differs.
  await visit.page.goto("about:blank");
  await visit.page.goto(`${origin()}${path}`);
  await shows(SHOWN);
}
const stored = () => visit.page.evaluate("[localStorage.getItem('vitae-owner'), location.href]");

it("visitor-counter.js has at most 1,500 bytes when it is compressed", () => {
  // GitHub Pages and most servers use level 6 or so.
  expect(gzipSync(readFileSync(join(import.meta.dirname, "visitor-counter.js")), { level: 6 }).length).toBeLessThan(
    1501,
  );
});

it("counts the page and calls the API that its tag names, without a preflight", async () => {
  visit.edit = withTag(
    `<script defer src="visitor-counter.js" data-page="my-work" data-api="${origin("127.0.0.1")}/base/"></script>`,
  );
  await open();
  expect(visit.visits).toEqual(["POST /base/v1/visits/my-work"]);
});

it("finds its tag when loaded as a module", async () => {
  visit.edit = withTag('<script type="module" src="visitor-counter.js" data-page="my-work"></script>');
  await open();
  expect(visit.visits).toEqual(["POST /api/v1/visits/my-work"]);
});

it("counts one visit when the script is included twice, from two URLs, or also as a module", async () => {
  for (const other of [TAG, TAG.replace(".js", ".js?v=2"), TAG.replace("defer", 'type="module"')]) {
    Object.assign(visit, { edit: withTag(TAG + other), visits: [] });
    await open();
    await settled();
    expect([other, visit.visits.length]).toEqual([other, 1]);
  }
});

it("counts every load except a page restored from the back/forward cache", async () => {
  const { page } = visit;
  await open();
  visit.respond = counted(1235);
  // The event is simulated, since the browser decides by its memory whether it caches a page.
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  await settled();
  expect(await sentence()).toBe(SHOWN);
  expect(visit.visits).toHaveLength(1);
  await page.reload();
  await shows("You are visitor 1,235 of this page.");
  expect(visit.visits).toHaveLength(2);
});

it("counts a prerendered page when it is shown", async () => {
  const page = await ownTab();
  // Prerendering is simulated, since Playwright reports prerendered pages only once they are shown.
  await page.addInitScript("Object.defineProperty(document, 'prerendering', { value: true, configurable: true })");
  await page.goto(origin());
  await settled();
  expect(visit.visits).toEqual([]);
  await page.evaluate("delete document.prerendering; document.dispatchEvent(new Event('prerenderingchange'))");
  await shows(SHOWN);
  expect(visit.visits).toHaveLength(1);
});

it("sends a request that outlives the page, and neither cookies nor headers", async () => {
  await (await ownTab()).addInitScript(
    "const send = fetch; fetch = (url, init) => { globalThis.sent = { ...init, signal: 0 }; return send(url, init); }",
  );
  await open();
  expect(await visit.page.evaluate("sent")).toEqual({
    method: "POST",
    credentials: "omit",
    keepalive: true,
    signal: 0,
  });
});

it("with data-once counts the first view of a browser session and reads the number in later ones", async () => {
  visit.edit = withTag(ONCE);
  await open();
  await open("/?again");
  visit.edit = withTag(ONCE.replace('"resume"', '"projects"'));
  await open();
  expect(visit.visits).toEqual([`POST ${RESUME}`, `GET ${RESUME}`, "POST /api/v1/visits/projects"]);
});

it("with data-once sends no second visit after one whose response failed", async () => {
  visit.edit = withTag(ONCE);
  visit.respond = (response) => response.destroy();
  await visit.page.goto(origin());
  await expect.poll(() => visit.warnings).toHaveLength(1);
  visit.respond = counted(1234);
  await open();
  expect(visit.visits).toEqual([`POST ${RESUME}`, `GET ${RESUME}`]);
});

it("reads the number instead of counting after the page was opened with #vitae-owner, until #vitae-visitor", async () => {
  await open("/?a=1#vitae-owner");
  // The address without the flag, since its owner may share it.
  expect(await stored()).toEqual(["1", `${origin()}/?a=1`]);
  await open();
  await open("/#vitae-visitor");
  expect(await stored()).toEqual([null, `${origin()}/`]);
  await open("/#work");
  expect(await stored()).toEqual([null, `${origin()}/#work`]);
  expect(visit.visits).toEqual([`GET ${RESUME}`, `GET ${RESUME}`, `POST ${RESUME}`, `POST ${RESUME}`]);
});

it("takes the owner's flag from a hash that is added to the open page", async () => {
  await open();
  await visit.page.evaluate("location.hash = 'vitae-owner'");
  await expect.poll(stored).toEqual(["1", `${origin()}/`]);
  expect(visit.visits).toHaveLength(1);
});

it("counts, and fills in the number, where the browser blocks storage", async () => {
  visit.edit = withTag(ONCE);
  await (await ownTab()).addInitScript(`for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } })`);
  await open("/#vitae-owner");
  await open();
  expect(visit.visits).toEqual([`POST ${RESUME}`, `POST ${RESUME}`]);
});

it("counts without an element, and leaves the page as it is when the backend is down", async () => {
  visit.edit = (html) => html.replace(/ data-visitor-count="[^"]*"/, "");
  visit.respond = (response) => response.destroy();
  await visit.page.goto(origin());
  await expect.poll(() => visit.visits.length).toBe(1);
  await settled();
  expect(await visit.page.getByText(ORIGINAL_TEXT).count()).toBe(1);
});
