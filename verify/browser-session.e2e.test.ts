// The session of a browser in Chromium: the client module of console/, the cookie, and pages of other origins.
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page, Request } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";

let backend: Backend;
let browser: Browser;
let script: string;
let context: BrowserContext;
/** Requests to the token route, in order. */
let requests: Request[];

beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, "..", "console", "session.ts")];
  const options = { bundle: true, write: false, format: "iife", globalName: "vitae", platform: "browser" } as const;
  const [bundled, started, launched] = await Promise.all([
    build({ entryPoints, ...options }),
    startBackend(),
    launchBrowser(),
  ]);
  script = bundled.outputFiles[0]?.text ?? "";
  [backend, browser] = [started, launched];
});
beforeEach(async () => {
  context = await browser.newContext();
  requests = [];
  context.on("request", (request) => request.url().endsWith("/v1/auth/token") && requests.push(request));
});
afterEach(() => context.close());
afterAll(async () => {
  await browser?.close();
  await backend?.close();
});

/** A page on the API's origin with a session client, as a tab of the console is. */
async function openTab(options = {}): Promise<Page> {
  const page = await context.newPage();
  // The page of the résumé has a policy against other scripts and connections; a document of another type has none.
  await page.goto(`${backend.host.url}/style.css`);
  await page.addScriptTag({
    content: `${script}; globalThis.session = vitae.createSession(${JSON.stringify(options)})`,
  });
  return page;
}
const signIn = (page: Page, password = backend.owner.password) =>
  page.evaluate(`session.signIn(${JSON.stringify(backend.owner.email)}, ${JSON.stringify(password)})`);
const accessToken = (page: Page) => page.evaluate<string | undefined>("session.accessToken()");
const currentCookie = async () => (await context.cookies(`${backend.api}/v1/auth/token`))[0];
const statusOf = async (token: string | undefined) =>
  (await fetch(`${backend.api}/v1/auth/sessions`, { headers: { authorization: `Bearer ${token}` } })).status;

it("signs in with a cookie that scripts cannot read, refreshes in a new tab, and signs out in all tabs", async () => {
  const page = await openTab();
  expect(await accessToken(page)).toBeUndefined();
  expect(await signIn(page, "wrong password!")).toBe(false);
  expect(await signIn(page)).toBe(true);
  expect(await statusOf(await accessToken(page))).toBe(200);
  expect(await currentCookie()).toMatchObject({ name: "vitae-refresh", httpOnly: true, sameSite: "Strict" });
  expect(await page.evaluate("document.cookie + JSON.stringify([localStorage, sessionStorage])")).toBe("[{},{}]");
  const other = await openTab();
  expect(await statusOf(await accessToken(other))).toBe(200);
  await page.evaluate("session.signOut()");
  expect(await currentCookie()).toBeUndefined();
  // Also a tab that is open; its message may arrive after the sign-out has ended.
  await expect.poll(() => accessToken(other)).toBeUndefined();
  // Without a session there is nothing to sign out of.
  await page.evaluate("session.signOut()");
  expect(await accessToken(await openTab())).toBeUndefined();
});

it("two tabs that refresh at the same moment take turns, and both stay signed in", async () => {
  expect(await signIn(await openTab())).toBe(true);
  const tabs = await Promise.all([openTab(), openTab()]);
  requests = [];
  // A set, since requests of the tabs' start may finish only now.
  const running = new Set<unknown>();
  let most = 0;
  context.on("request", (request) => {
    most = Math.max(most, running.add(request).size);
  });
  context.on("requestfinished", (request) => void running.delete(request));
  const tokens = await Promise.all(tabs.flatMap((tab) => [accessToken(tab), accessToken(tab)]));
  expect(await Promise.all(tokens.map(statusOf))).toEqual([200, 200, 200, 200]);
  expect([requests.length, most]).toEqual([2, 1]);
  expect(await statusOf(await accessToken(await openTab()))).toBe(200);
});

it.each(["reset", "silence"])(
  "a refresh whose response is lost by %s is sent again once, and the session goes on",
  async (loss) => {
    expect(await signIn(await openTab())).toBe(true);
    const page = await openTab({ refreshTimeoutMs: 1_000 });
    requests = [];
    let applied = 0;
    await page.route(
      "**/v1/auth/token",
      async (route) => {
        const request = route.request();
        const headers = await request.allHeaders();
        // The server rotates the token, and the browser never learns it.
        const response = await fetch(request.url(), { method: "POST", headers, body: request.postData() });
        applied = response.status;
        if (loss === "reset") await route.abort("connectionreset");
      },
      { times: 1 },
    );
    expect(await statusOf(await accessToken(page))).toBe(200);
    expect([applied, requests.length]).toEqual([200, 2]);
    expect(await statusOf(await accessToken(await openTab()))).toBe(200);
  },
);

it("a page of another origin, to whose requests Chromium adds the cookie, gets 403 and changes nothing", async () => {
  expect(await signIn(await openTab())).toBe(true);
  const before = await currentCookie();
  const foreign = await backend.addHost();
  const page = await context.newPage();
  await page.goto(`${foreign.url}/style.css`);
  for (const [path, form] of [
    ["token", "grant_type=refresh_token"],
    ["token", "grant_type=refresh_token&cookie=true"],
    ["revoke", ""],
  ]) {
    const url = `${backend.api}/v1/auth/${path}`;
    const [response] = await Promise.all([
      page.waitForResponse(url),
      page.evaluate(
        `fetch(${JSON.stringify(url)}, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams("${form}") })`,
      ),
    ]);
    // The same host on another port is the same site, so Chromium adds the cookie: without it, this would be 400.
    expect(response.status()).toBe(403);
  }
  expect(await currentCookie()).toEqual(before);
  expect(await statusOf(await accessToken(await openTab()))).toBe(200);
});

it("an error page of the platform fails with its status, and leaves the user signed in", async () => {
  const page = await openTab();
  expect(await signIn(page)).toBe(true);
  const fresh = await openTab();
  for (const [path, code, status] of [
    ["token", "accessToken", 502],
    ["revoke", "signOut", 400],
  ] as const) {
    await fresh.route(`**/v1/auth/${path}`, (route) => route.fulfill({ status, body: "<h1>Error</h1>" }), { times: 1 });
    await expect(fresh.evaluate(`session.${code}()`)).rejects.toThrow(`The API failed (${status})`);
  }
  expect(await statusOf(await accessToken(fresh))).toBe(200);
});
