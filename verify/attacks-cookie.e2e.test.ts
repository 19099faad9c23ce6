// Attacks on the session cookie: planted, sent by pages of other origins in Chromium, or with a forged origin.
import { createServer } from "node:http";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../local/backend.fixture.ts";
import { type Listening, listen } from "../local/listen.ts";
import { launchBrowser } from "../scripts/browser.fixture.ts";
import { type Accounts, openAccounts, type Tokens } from "./accounts.fixture.ts";
import { bytesOf, sendRaw } from "./raw-http.fixture.ts";

let backend: Backend;
let browser: Browser;
let accounts: Accounts;
let evil: Listening;
beforeAll(async () => {
  [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
  accounts = openAccounts(backend);
  const server = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end("<title>evil</title>"),
  );
  evil = await listen(server, "The attacker's page");
});
afterAll(async () => {
  await browser?.close();
  await evil?.close();
  await backend?.close();
});

type Sent = { readonly status: number; readonly body: string };
/** Sends a form from a page, and returns what the page can read of the response. */
const sendForm = (path: string, form: Record<string, string>): string => `fetch("${backend.api}/v1/auth/${path}", {
  method: "POST", credentials: "include", body: new URLSearchParams(${JSON.stringify(form)}),
}).then(async (response) => ({ status: response.status, body: await response.text() }), (error) => ({ status: 0, body: String(error) }))`;

/** A browser whose user has signed in on a page of the API's own origin. */
async function signIn(): Promise<BrowserContext> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(backend.host.url);
  const { email, password } = backend.owner;
  const form = { grant_type: "password", username: email, password, cookie: "true" };
  const { status, body } = (await page.evaluate(sendForm("token", form))) as Sent;
  expect({ status, body }).toMatchObject({ status: 200, body: expect.not.stringContaining("refresh_token") });
  expect(await page.evaluate("document.cookie")).toBe("");
  await page.close();
  return context;
}

/** Statuses of the requests to both routes that the app has logged after the first `from` lines. */
const statusesSince = (from: number) =>
  backend.lines
    .slice(from)
    .flatMap((line) => /"route":"\/v1\/auth\/(?:token|revoke)","status":(\d+)/.exec(line)?.slice(1).map(Number) ?? []);

it("the API's own page refreshes with the cookie; pages of other origins neither refresh nor sign out", async () => {
  const context = await signIn();
  const rows = await backend.rows("sessions");
  const attacker = await accounts.createUser("viewer");
  // For 127.0.0.1, another site, Chromium sends no cookie, so that only signing in needs an Origin. Another port of
  // localhost is the same site: it sends the cookie in spite of SameSite=Strict.
  const attacks = { "127.0.0.1": [400, 400, 403, 400, 400], localhost: [403, 403, 403, 403, 403] };
  for (const [host, statuses] of Object.entries(attacks)) {
    const origin = `http://${host}:${evil.port}`;
    const page = await context.newPage();
    await page.goto(origin);
    const from = backend.lines.length;
    for (const script of [
      sendForm("token", { grant_type: "refresh_token" }),
      sendForm("revoke", {}),
      // Signs the user in as the attacker, to collect what the user then uploads (login CSRF).
      sendForm("token", {
        grant_type: "password",
        username: attacker.email,
        password: attacker.password,
        cookie: "true",
      }),
    ])
      expect(await page.evaluate(script)).toMatchObject({ body: expect.not.stringContaining("access_token") });

    // A form needs no CORS, and navigates to the response.
    for (const path of ["token", "revoke"]) {
      await page.goto(origin);
      await Promise.all([
        page.waitForNavigation(),
        page.evaluate(`{
          const form = document.body.appendChild(document.createElement("form"));
          Object.assign(form, { method: "post", action: "${backend.api}/v1/auth/${path}" });
          ${path === "token" ? 'form.innerHTML = "<input name=grant_type value=refresh_token>";' : ""}
          form.submit();
        }`),
      ]);
    }
    await expect.poll(() => statusesSince(from)).toEqual(statuses);
    await page.close();
  }
  const ids = new Set(rows.map(({ rowKey }) => rowKey));
  expect((await backend.rows("sessions")).filter(({ rowKey }) => ids.has(rowKey))).toEqual(rows);

  const own = await context.newPage();
  await own.goto(backend.host.url);
  expect(await own.evaluate(sendForm("token", { grant_type: "refresh_token" }))).toMatchObject({ status: 200 });
  await context.close();
});

describe("a cookie", () => {
  it("that an attacker planted before sign-in never becomes the session of the user (session fixation)", async () => {
    const attacker = await accounts.createUser("viewer");
    const familyOf = (token: string) => token.split(".")[1];
    const response = await accounts.post(
      "token",
      { grant_type: "password", username: accounts.owner.email, password: accounts.owner.password, cookie: "true" },
      { cookie: `${accounts.cookieName}=${attacker.refresh_token}`, origin: backend.host.url },
    );
    expect(response.status).toBe(200);
    expect(Object.keys((await response.json()) as object)).not.toContain("refresh_token");
    const [cookie = ""] = response.headers.getSetCookie();
    const issued = cookie.split(/[=;]/)[1] ?? "";
    expect(issued.startsWith("owner.")).toBe(true);
    expect(familyOf(issued)).not.toBe(familyOf(attacker.refresh_token));
    const { access_token } = (await accounts.refresh(attacker.refresh_token)) as Tokens;
    expect(JSON.parse(Buffer.from(access_token.split(".")[1] ?? "", "base64url").toString()).sub).toBe(attacker.id);
  });

  it("is rejected together with a token in the body, and without the API's own Origin, without effect on the session", async () => {
    const { refresh_token } = await accounts.signInOwner();
    const cookie = `${accounts.cookieName}=${refresh_token}`;
    const { host, protocol } = new URL(backend.host.url);
    const before = await backend.rows("sessions");
    const form = { grant_type: "refresh_token" };
    const own = { cookie, origin: backend.host.url };
    const attempts = [
      await accounts.post("token", { ...form, refresh_token }, own),
      ...(await Promise.all(
        [
          undefined,
          "null",
          "http://evil.example",
          `${backend.host.url}.evil.example`,
          `${protocol}//x.${host}`,
        ].flatMap((origin) => {
          const headers = { cookie, ...(origin && { origin }) };
          return [accounts.post("token", form, headers), accounts.post("revoke", {}, headers)];
        }),
      )),
    ];
    // The client chooses Host.
    const raw = await sendRaw(
      backend.api,
      bytesOf(
        "POST /api/v1/auth/token HTTP/1.1",
        [
          "Host: evil.example",
          "X-Forwarded-Host: evil.example",
          "Origin: http://evil.example",
          `Cookie: ${cookie}`,
          "Content-Type: application/x-www-form-urlencoded",
          "Content-Length: 24",
          "Connection: close",
        ],
        "grant_type=refresh_token",
      ),
    );
    expect(raw.status).toBe(403);
    expect(attempts.map(({ status }) => status).filter((status) => status !== 400 && status !== 403)).toEqual([]);
    expect(attempts.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
    expect(await backend.rows("sessions")).toEqual(before);
    expect((await accounts.post("token", form, own)).status).toBe(200);
  });
});
