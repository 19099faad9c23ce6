// The owner's console in Chromium, on the package with limits on: session, uploads, links, keyboard, accessibility.
import type { FileChooser } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import {
  expectAccessible,
  focused,
  heading,
  imageNames,
  loaded,
  png,
  readPlaces,
  startConsole,
  tabTo,
  WAIT,
} from "./console.fixture.ts";

const tabs = await startConsole();
const { backend, browser } = tabs;
afterAll(() => tabs.close());

it("redirects from the site, signs in, and shares the session with a second tab", async () => {
  const page = await tabs.context.newPage();
  await page.goto(`${backend.host.url}/console/`);
  expect(page.url()).toBe(`${backend.api}/console/`);
  await tabs.signIn(page, "not the password");
  await page.getByRole("alert").filter({ hasText: "E-mail address or password is wrong" }).waitFor();
  await tabs.signIn(page);
  await heading(page, "Visits").waitFor();
  await page.locator(".chart canvas").waitFor();
  const other = await tabs.open("#/account");
  await other.getByRole("rowheader", { name: "This one" }).waitFor();
  expect(tabs.problems).toEqual([]);
});

it("refreshes the session while the access token expires", async () => {
  const page = await tabs.context.newPage();
  await page.clock.install();
  await page.goto(`${backend.api}/console/#/keys`);
  await page.getByText("Signs", { exact: true }).waitFor();
  const refreshes: string[] = [];
  page.on("request", (request) => request.url().endsWith("/v1/auth/token") && refreshes.push(request.url()));
  await page.getByRole("link", { name: "Health" }).click();
  await page.clock.fastForward("14:30");
  await page.getByRole("link", { name: "Users" }).click();
  await page.getByRole("rowheader", { name: backend.owner.email }).waitFor();
  expect(refreshes).toHaveLength(1);
  await page.close();
});

it("uploads ten files, repeats one that the API had no time for, and names the one that it rejects", async () => {
  const page = await tabs.open("#/images");
  await page.getByText("No images yet").waitFor();
  const busy = { status: 503, headers: { "Retry-After": "1" }, json: { error: { code: "X", message: "Busy" } } };
  await page.route("**/v1/images", (route) => route.fulfill(busy), { times: 1 });
  const good = await Promise.all(Array.from({ length: 9 }, (_, index) => png(`image-${index}.png`, 60 + index)));
  const broken = { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no image") };
  await page.getByLabel("Images to upload").setInputFiles([...good.slice(0, 4), broken, ...good.slice(4)]);
  await page.getByRole("heading", { name: "9 of 10 uploaded, 1 failed" }).waitFor();
  const failed = page.getByRole("listitem").filter({ hasText: "broken.png" });
  expect(await failed.textContent()).toContain("An image must be one of jpeg, png, webp, avif, gif");
  // Their states follow the API: the variants of each appear by themselves.
  const thumbnails = page.getByRole("list", { name: "Images" }).locator("img");
  await expect.poll(() => thumbnails.count(), WAIT).toBe(9);
  await expect
    .poll(() => thumbnails.first().evaluate((image: { naturalWidth: number }) => image.naturalWidth), WAIT)
    .toBeGreaterThan(0);
  expect(tabs.problems).toEqual([]);
  await page.close();
});

it("stores a field when it is left, and asks when the image was changed elsewhere", async () => {
  const page = await tabs.open("#/images");
  await page.getByRole("link", { name: "image-0.png" }).click();
  await page.getByLabel("Alternative text").fill("A grey square");
  await page.getByLabel("Tags").fill("Grey, test");
  await page.getByText("Alternative text saved.").waitFor();
  await page.getByLabel("Tags").blur();
  await page.getByText("Tags saved.").waitFor();
  await page.getByLabel("Kept for").selectOption("365");
  await page.getByText("Retention saved.").waitFor();
  await page.getByLabel("Visibility").selectOption("public");
  await page.getByText("Visibility saved.").waitFor();
  const id = new URL(page.url()).hash.split("/").at(-1);
  const headers = {
    authorization: `Bearer ${await backend.token("owner")}`,
    "if-match": "*",
    "content-type": "application/json",
  };
  await fetch(`${backend.api}/v1/images/${id}`, { method: "PATCH", headers, body: '{"alt":"From elsewhere"}' });
  await page.getByLabel("Alternative text").fill("Mine");
  await page.getByLabel("Alternative text").blur();
  await page.getByText("The image was changed elsewhere").waitFor();
  expect(await page.getByLabel("Alternative text").inputValue()).toBe("From elsewhere");
  await page.getByRole("button", { name: "Store my change" }).click();
  await page.getByText("Your change saved.").waitFor();
  expect(await page.getByLabel("Alternative text").inputValue()).toBe("Mine");
  await page.getByRole("link", { name: "Images", exact: true }).first().click();
  await page.getByLabel("Tag", { exact: true }).fill("GREY");
  await page.keyboard.press("Enter");
  await expect
    .poll(() => page.getByRole("list", { name: "Images" }).locator(".card-name").allTextContents())
    .toEqual(["image-0.png"]);
  await page.close();
});

it("copies a link that a browser without a session opens, and the HTML of a picture", async () => {
  const page = await tabs.open("#/images");
  await page.getByRole("link", { name: "image-1.png" }).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Link copied.").waitFor();
  const link = await page.evaluate<string>("navigator.clipboard.readText()");
  const stranger = await browser.newContext();
  const response = await (await stranger.newPage()).goto(link);
  expect([response?.status(), response?.headers()["content-type"]]).toEqual([200, "image/png"]);
  await stranger.close();
  await page.getByRole("button", { name: "Copy <picture>" }).click();
  await page.getByText("HTML copied.").waitFor();
  expect(await page.evaluate("navigator.clipboard.readText()")).toMatch(/^<picture><source /);
  await page.close();
});

it("undoes a deletion, and sends one that waits when the page closes", async () => {
  const page = await tabs.open("#/images");
  const remove = async (name: string) => {
    await page.getByRole("link", { name }).click();
    await page.getByRole("button", { name: "Delete" }).click();
    await heading(page, "Images").waitFor();
    await page.getByRole("link", { name }).waitFor({ state: "detached" });
  };
  await remove("image-2.png");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "image-2.png" }).waitFor();
  await remove("image-3.png");
  await page.goto("about:blank");
  const token = await backend.token("owner");
  const names = () => imageNames(backend, token);
  await expect.poll(names, WAIT).not.toContain("image-3.png");
  expect(await names()).toContain("image-2.png");
  await page.close();
});

it("takes an upload and its alternative text from the keyboard alone", async () => {
  const page = await tabs.open("#/images");
  const chooser = new Promise<FileChooser>((resolve) => page.once("filechooser", resolve));
  await heading(page, "Images").waitFor();
  await tabTo(page, "Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo(page, "choose files");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles([await png("keyboard.png", 90)]);
  await page.getByRole("heading", { name: "1 of 1 uploaded" }).waitFor();
  await tabTo(page, "keyboard.png");
  await page.keyboard.press("Enter");
  await heading(page, "keyboard.png").waitFor();
  await expect.poll(() => focused(page)).toBe("keyboard.png");
  await page.getByLabel("Alternative text").waitFor();
  await tabTo(page, "Alternative text");
  await page.keyboard.type("Typed");
  await page.keyboard.press("Tab");
  await page.getByText("Alternative text saved.").waitFor();
  await page.close();
});

it.each(["light", "dark"] as const)("has no accessibility violation on any view in %s colours", async (colorScheme) => {
  const page = await tabs.open();
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  const views = await readPlaces(page);
  expect(views.length).toBeGreaterThanOrEqual(6);
  for (const view of views) {
    await page.goto(`${backend.api}/console/${view}`);
    await expectAccessible(page, view, colorScheme);
  }
  await page.goto(`${backend.api}/console/#/images`);
  await page.getByRole("link", { name: "image-1.png" }).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByLabel("Link").waitFor();
  await expectAccessible(page, "an image", colorScheme);
  await page.goto(`${backend.api}/console/#/account`);
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expectAccessible(page, "a question", colorScheme);
  await page.keyboard.press("Escape");
  await page.goto(`${backend.api}/console/#/redeem`);
  await expectAccessible(page, "redeem", colorScheme);
  expect(tabs.problems).toEqual([]);
  await page.close();
});

it("shows on a phone every column and the link to the current view, without scrolling", async () => {
  const page = await tabs.open();
  await page.setViewportSize({ width: 390, height: 844 });
  for (const view of await readPlaces(page)) {
    await page.goto(`${backend.api}/console/${view}`);
    await loaded(page);
    const { x = 0, width = 0 } = (await page.locator("nav [aria-current]").boundingBox()) ?? {};
    expect([x >= 0, x + width <= 390], view).toEqual([true, true]);
    const widths = (table: { scrollWidth: number; clientWidth: number }) => [table.scrollWidth, table.clientWidth];
    for (const table of await page.locator(".table-scroll").all()) {
      const [content = 0, visible = 0] = await table.evaluate(widths);
      expect(content, view).toBeLessThanOrEqual(visible);
    }
  }
  await page.goto(`${backend.api}/console/#/users`);
  await page.getByRole("cell").first().waitFor();
  expect(await page.evaluate('getComputedStyle(document.querySelector("td"), "::before").content')).toBe('"Role"');
  await page.close();
});

it("signs out everywhere, in this tab and in others", async () => {
  const [page, other] = [await tabs.open("#/account"), await tabs.open("#/images")];
  await heading(other, "Images").waitFor();
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await Promise.all([page, other].map((each) => heading(each, "Sign in").waitFor()));
  const cookies = await tabs.context.cookies(`${backend.api}/v1/auth/token`);
  expect(cookies).toEqual([]);
});
