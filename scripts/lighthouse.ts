// npm run lighthouse: starts the app and measures its page with Lighthouse, which npx downloads. CI runs it; npm test does not.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { findBrowser } from "./browser.fixture.ts";
import { readCommandLine } from "./command-line.ts";

/** https://www.npmjs.com/package/lighthouse. Not a dependency: it is 100 MB, and only CI needs it. */
const LIGHTHOUSE = "lighthouse@13.5.0";
const MINIMUM = 95;
const RUN_MS = 5 * 60_000;

type Category = { readonly title: string; readonly score: number | null };
type Audit = { readonly title: string; readonly score: number | null; readonly scoreDisplayMode: string };
export type Report = {
  readonly categories: Readonly<Record<string, Category>>;
  readonly audits: Readonly<Record<string, Audit>>;
};

/** A line for each category, and for each audit that failed. A category without a score is a failure. */
export function summarize({ categories, audits }: Report) {
  const scores = Object.values(categories).map(({ title, score }) => ({
    title,
    score: Math.round((score ?? 0) * 100),
  }));
  const failed = Object.values(audits).filter((audit) => audit.scoreDisplayMode === "binary" && audit.score === 0);
  return {
    lines: [
      ...scores.map(({ title, score }) => `${String(score).padStart(5)}  ${title}`),
      ...failed.map(({ title }) => `       failed: ${title}`),
    ],
    isGood: scores.length > 0 && scores.every(({ score }) => score >= MINIMUM),
  };
}

/** Resolves with the address once the app responds. */
async function ready(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  if (!child.stdout) throw new Error("The output of npm start is not a pipe");
  createInterface(child.stdout).on("line", (line) => {
    const [, url] = /^Ready: (\S+)$/.exec(line) ?? [];
    if (url) resolve(url);
  });
  child.once("exit", (code) => reject(new Error(`The app ended with ${code} before it was ready`)));
  return promise;
}

async function measure(url: string, form: "mobile" | "desktop", folder: string): Promise<Report> {
  const { executablePath, args } = findBrowser();
  const output = join(folder, `${form}.json`);
  const preset = form === "desktop" ? ["--preset=desktop"] : [];
  const flags = ["--output=json", `--output-path=${output}`, "--quiet", `--chrome-flags=--headless ${args.join(" ")}`];
  await promisify(execFile)("npx", ["--yes", LIGHTHOUSE, url, ...preset, ...flags], {
    env: { ...process.env, CHROME_PATH: executablePath },
    timeout: RUN_MS,
  });
  return JSON.parse(await readFile(output, "utf8"));
}

async function main(): Promise<void> {
  const about = `Measures the page with Lighthouse, which must give it ${MINIMUM} or more in each category. Needs the network.`;
  readCommandLine({ name: "npm run lighthouse", about });
  const folder = await mkdtemp(join(tmpdir(), "vitae-lighthouse-"));
  const start = join(import.meta.dirname, "..", "local", "start.ts");
  const app = spawn(process.execPath, [start], {
    env: { ...process.env, PORT: "0", LOCAL_DATA_DIR: join(folder, "data") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = await ready(app);
    for (const form of ["mobile", "desktop"] as const) {
      const { lines, isGood } = summarize(await measure(`${url}/`, form, folder));
      process.stdout.write(`${form}\n${lines.join("\n")}\n`);
      if (!isGood) process.exitCode = 1;
    }
  } finally {
    const exited = new Promise((resolve) => app.once("exit", resolve));
    if (app.exitCode === null && app.kill("SIGTERM")) await exited;
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) await main();
