// Starts the machine's Chromium for tests: one for all test files of a process, because a start takes seconds of CPU time.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

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
 * The address bar loads two pages of Chromium's own for each window, at half a second of CPU time. Tests have no use for it.
 * Only the last --disable-features counts, so the list repeats that of Playwright (chromiumSwitches.ts).
 */
const DISABLED_FEATURES = [
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "TcpPortRandomizationWin",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
];

// Chromium does not start its sandbox as root, the user of most containers. Other users keep it.
const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/**
 * Path of the machine's Chromium or Chrome, and the flags that it needs.
 * @throws {Error} when none is installed; the message names the command that installs one.
 */
export function findBrowser(): { readonly executablePath: string; readonly args: readonly string[] } {
  const executablePath = PATHS.find((path) => existsSync(path));
  if (executablePath) return { executablePath, args: [...OFFLINE, ...sandbox] };
  throw new Error(
    "A browser test needs Chromium or Chrome, and neither was found. Install it: sudo apt-get install chromium " +
      "(other systems: npx playwright-core install chromium)",
  );
}

/** A host name that leads to this machine and is not localhost. */
export const PUBLIC_HOST = "resume.example";

/** The browser of the process, also when test files load this module again. */
const KEY = Symbol.for("vitae.browser");
const global = globalThis as { [KEY]?: Promise<Browser> };

/**
 * A headless Chromium. Its close() closes the pages of the caller; the browser itself ends with the process.
 * @throws {Error} as `findBrowser`
 */
export function launchBrowser(): Promise<Browser> {
  global[KEY] ??= launch();
  return global[KEY];
}

async function launch(): Promise<Browser> {
  const { executablePath, args } = findBrowser();
  const browser = await chromium.launch({
    executablePath,
    args: [...args, `--disable-features=${DISABLED_FEATURES}`, `--host-resolver-rules=MAP ${PUBLIC_HOST} 127.0.0.1`],
  });
  browser.close = async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  };
  return browser;
}
