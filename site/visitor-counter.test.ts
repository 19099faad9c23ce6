// What the page shows, in a real Chromium: the number when it arrives, and the page's own text in any other case.
import { expect, it } from "vitest";
import { PUBLIC_HOST } from "../scripts/browser.fixture.ts";
import { body, counted, ORIGINAL_TEXT, type Respond, setUpPage, TAG, withTag } from "./visitor-counter.fixture.ts";

const { visit, ownTab, origin, sentence, shows, settled } = setUpPage();

it("formats the visitor's number in the language of the page", async () => {
  visit.respond = counted(1234567);
  await visit.page.goto(origin());
  await shows("You are visitor 1,234,567 of this page.");
  expect(visit.visits).toEqual(["POST /api/v1/visits/resume"]);
});

it("formats the number in the language of the element, and shows it alone when the attribute is empty", async () => {
  const elements = `<b data-visitor-count lang="de"></b><i data-visitor-count lang="?"></i>`;
  visit.edit = (html) => html.replace("</main>", `${elements}</main>`);
  await visit.page.goto(origin());
  await visit.page.locator("b", { hasText: /^1\.234$/ }).waitFor();
  await visit.page.locator("i", { hasText: /^1\.234$/ }).waitFor();
});

it.each([1280, 390, 320])("causes no layout shift on a page %i pixels wide when the number arrives", async (width) => {
  await (await ownTab()).setViewportSize({ width, height: 800 });
  let release = () => {};
  visit.respond = (response) => {
    release = () => counted(1234)(response);
  };
  await visit.page.goto(origin());
  await visit.page.evaluate(`
    globalThis.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
    new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))`);
  expect(await sentence()).toBe(ORIGINAL_TEXT);
  await expect.poll(() => visit.visits.length).toBe(1);
  release();
  await shows("You are visitor 1,234 of this page.");
  await settled();
  expect(await visit.page.evaluate("shifts.reduce((sum, shift) => sum + shift.value, 0)")).toBe(0);
});

it("shows the number of a degraded response", async () => {
  visit.respond = body('{"page":"resume","count":1234,"today":1,"degraded":true}');
  await visit.page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
});

it("keeps the original text when the response is no count", async () => {
  const responses: Record<string, Respond> = {
    // First, since Chromium itself repeats a request on a connection that it has used before.
    "a reset connection": (response) => response.destroy(),
    "a 503 with a number": (response) => counted(7)(Object.assign(response, { statusCode: 503 })),
    "a 500 without a body": (response) => response.writeHead(500).end(),
    "an HTML page": (response) => response.end("<!doctype html><p>1234</p>"),
    "truncated JSON": body('{"count": 12'),
    null: body("null"),
    "a number in quotes": body('{"count":"1234"}'),
    "a negative number": counted(-1),
    zero: counted(0),
    "a fraction": counted(1.5),
    "a number that JavaScript would round": body('{"page":"resume","count":9007199254740993,"today":1}'),
  };
  for (const [name, respond] of Object.entries(responses)) {
    Object.assign(visit, { respond, visits: [], warnings: [] });
    await visit.page.goto(origin());
    await expect.poll(() => visit.visits.length).toBe(1);
    await settled();
    expect([name, await sentence()]).toEqual([name, ORIGINAL_TEXT]);
    expect([name, visit.visits.length, visit.warnings.length]).toEqual([name, 1, 1]);
  }
});

const failure: Respond = (response) =>
  body('{"error":{"code":"NOT_FOUND","message":"No page \\"resume\\" is counted here."}}')(
    Object.assign(response, { statusCode: 404 }),
  );

it("warns once on localhost with the API's own message", async () => {
  visit.respond = failure;
  await visit.page.goto(origin());
  await expect
    .poll(() => visit.warnings)
    .toEqual([`no number. /api/v1/visits/resume returned 404: No page "resume" is counted here.`]);
});

it("warns on a public host with data-debug only", async () => {
  visit.respond = failure;
  await visit.page.goto(origin(PUBLIC_HOST));
  await settled();
  expect([visit.visits.length, visit.warnings]).toEqual([1, []]);
  visit.edit = withTag(TAG.replace("defer", "defer data-debug"));
  await visit.page.goto(origin(PUBLIC_HOST));
  await expect.poll(() => visit.warnings).toHaveLength(1);
});

it("recognises a data-api without /api, which the browser reports as a CORS error", async () => {
  const api = origin("127.0.0.1");
  visit.edit = withTag(TAG.replace("defer", `defer data-api="${api}"`));
  await visit.page.goto(origin());
  await expect
    .poll(() => visit.warnings)
    .toEqual([
      expect.stringMatching(
        /failed: Failed to fetch\. Does data-api end with \/api, and is http:\/\/localhost:\d+ one of its CORS origins\?$/,
      ),
    ]);
});

it("fills an element that appears up to a minute after the number, and then stops watching the page", async () => {
  const add = (id: string) =>
    visit.page.evaluate(
      `document.body.insertAdjacentHTML("beforeend", "<p id=${id} data-visitor-count='No. {count}'>?</p>")`,
    );
  await (await ownTab()).clock.install();
  await visit.page.goto(origin());
  await shows("You are visitor 1,234 of this page.");
  await add("soon");
  await visit.page.locator("#soon", { hasText: "No. 1,234" }).waitFor();
  await visit.page.clock.fastForward(61_000);
  await add("late");
  await settled();
  expect(await visit.page.locator("#late").textContent()).toBe("?");
});

it.each<[string, Respond]>([
  ["never starts", () => {}],
  ["never ends", (response) => response.writeHead(200, { "Content-Type": "application/json" }).write('{"count":1')],
])("keeps the original text after the timeout when the response %s", async (_, silent) => {
  visit.respond = silent;
  visit.edit = withTag(TAG.replace("defer", 'defer data-timeout="300"'));
  const [request] = await Promise.all([visit.page.waitForEvent("requestfailed"), visit.page.goto(origin())]);
  expect(request.method()).toBe("POST");
  await expect.poll(() => visit.warnings).toEqual([expect.stringContaining("signal timed out")]);
  expect(await sentence()).toBe(ORIGINAL_TEXT);
});
