// Starts the machine's Chromium for tests and screenshots.
import { existsSync } from "node:fs";
import { type Browser, chromium, type LaunchOptions } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium-browser",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  // Where `npx playwright-core install chromium` puts it.
  chromium.executablePath(),
];

/** Only loopback pages are opened: what Chromium fetches on its own account would be noise, and fails offline. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A headless Chromium, for the caller to close.
 * @throws {Error} when none is installed; the message has the line that installs one.
 */
export async function launchBrowser(options: Pick<LaunchOptions, "ignoreDefaultArgs"> = {}): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (!executablePath)
    throw new Error(
      "A browser test needs Chromium or Chrome, and none was found. Install it: sudo apt-get install chromium " +
        "(other systems: npx playwright-core install chromium)",
    );
  // Chromium refuses to start its sandbox as root, which is who runs most containers; anybody else keeps it.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return await chromium.launch({ ...options, executablePath, args: [...QUIET, ...sandbox] });
}
