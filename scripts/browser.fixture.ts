// Starts the machine's Chromium for tests and screenshots.
import { existsSync } from "node:fs";
import { type Browser, chromium, type LaunchOptions } from "playwright-core";

const PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/usr/bin/chromium-browser",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  // `npx playwright-core install chromium` installs it there.
  chromium.executablePath(),
];

/** Tests open loopback pages only. Chromium's own background requests would fail offline. */
const OFFLINE = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts a headless Chromium. The caller closes it.
 * @throws {Error} when none is installed; the message names the command that installs one.
 */
export async function launchBrowser({
  args = [],
  ...options
}: Pick<LaunchOptions, "args" | "ignoreDefaultArgs"> = {}): Promise<Browser> {
  const executablePath = PATHS.find((path) => existsSync(path));
  if (!executablePath)
    throw new Error(
      "A browser test needs Chromium or Chrome, and neither was found. Install it: sudo apt-get install chromium " +
        "(other systems: npx playwright-core install chromium)",
    );
  // Chromium does not start its sandbox as root, the user of most containers. Other users keep it.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return await chromium.launch({ ...options, executablePath, args: [...OFFLINE, ...sandbox, ...args] });
}
