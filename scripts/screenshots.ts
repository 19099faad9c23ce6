// npm run screenshots: every view of the console in light, dark and phone width, to .local/screenshots/.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startBackend } from "../local/backend.fixture.ts";
import { launchBrowser } from "./browser.fixture.ts";
import { bundle } from "./bundle.ts";
import { readCommandLine } from "./command-line.ts";
import { fillBackend } from "./sample-data.fixture.ts";

readCommandLine({
  name: "npm run screenshots",
  about: "Shows every view of the console on sample data, in light, dark and phone width.",
});

const out = join(import.meta.dirname, "..", ".local", "screenshots");

const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const VARIANTS = [
  { name: "light", colorScheme: "light", viewport: WIDE },
  { name: "dark", colorScheme: "dark", viewport: WIDE },
  { name: "phone", colorScheme: "light", viewport: PHONE },
] as const;

await bundle();
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const [backend, browser] = await Promise.all([startBackend(), launchBrowser()]);
try {
  const { imageId } = await fillBackend(backend);
  for (const variant of VARIANTS) await capture(browser, variant, imageId);
} finally {
  await browser.close();
  await backend.close();
}
// The browser ends with the process.
process.exit();

/** Waits for data, images and charts. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  // The page permits no code in strings, so that Playwright cannot wait for an expression in it.
  while ((await page.locator(".loading").count()) > 0) await page.waitForTimeout(50);
  while (!(await page.evaluate("[...document.images].every((image) => image.complete)"))) await page.waitForTimeout(50);
  await page.waitForLoadState("networkidle");
  await page.mouse.move(0, 0);
  await page.waitForTimeout(500);
  await page.evaluate("document.fonts.ready");
}

async function capture(browser: Browser, { name, ...options }: (typeof VARIANTS)[number], imageId: string) {
  const context = await browser.newContext({ ...options, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (message) => message.text().includes("Security Policy") && problems.push(message.text()));
  const shoot = async (view: string) => {
    await settle(page);
    const image = await page.screenshot({ fullPage: true });
    await writeFile(join(out, `${view}-${name}.png`), image);
  };
  await page.goto(`${backend.api}/console/`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await shoot("sign-in");
  await page.goto(`${backend.api}/console/#/redeem`);
  await shoot("redeem");
  await page.goto(`${backend.api}/console/#/`);
  await page.getByLabel("E-mail address").fill(backend.owner.email);
  await page.getByLabel("Password").fill(backend.owner.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation").waitFor();
  for (const view of ["dashboard", "images", `images/${imageId}`, "usage", "users", "keys", "account", "health"]) {
    await page.goto(`${backend.api}/console/#/${view}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await shoot(view.replace(imageId, "one").replace("/", "-"));
  }
  await page.goto(`${backend.api}/console/#/users`);
  await page.getByRole("button", { name: "Delete ada@example.com" }).click();
  await shoot("confirm");
  await context.close();
  for (const problem of problems) process.stderr.write(`${name}: ${problem}\n`);
  process.stdout.write(`${name}: written to ${out}\n`);
}
