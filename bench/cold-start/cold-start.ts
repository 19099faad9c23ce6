// bench cold-start: how long the app takes to import in a fresh process, bundled as it ships and unbundled as is common.
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readLocalSettings } from "../../local/settings-file.ts";
import { number, printTable, printTarget, say } from "../print.ts";
import { median, percentile } from "../statistics.ts";
import { buildUnbundled } from "./unbundled.ts";

const RUNS = 21;
const MOST = 1 / 3;
const importApp = fileURLToPath(new URL("import-app.ts", import.meta.url));

type Build = { readonly what: string; readonly file: string; readonly times: number[] };

async function importOnce(file: string, env: Record<string, string>): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [importApp, file], { env });
  const { ms } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { ms: number };
  return ms;
}

/** @param built folder of the bundle */
export async function benchColdStart(root: string, built: string): Promise<{ figures: object; sound: boolean }> {
  const { plain, eager } = await buildUnbundled(root);
  const build = (what: string, file: string): Build => ({ what, file, times: [] });
  const bundle = build("bundle", join(built, "app.js"));
  const common = build("unbundled, telemetry and sharp loaded eagerly", eager);
  const builds = [bundle, build("unbundled", plain), common];
  // Complete settings; importing the app connects to nothing.
  const { values } = readLocalSettings(root);

  // The first round fills the file cache, for all alike, and is not counted.
  for (let run = 0; run <= RUNS; run++)
    for (const { file, times } of run % 2 === 0 ? builds : builds.toReversed()) {
      const ms = await importOnce(file, values);
      if (run > 0) times.push(ms);
    }

  const ratio = median(bundle.times) / median(common.times);
  say(`Importing the app in a fresh process, ${RUNS} alternating runs each:\n`);
  printTable(
    ["build", "median ms", "min ms", "p90 ms", "max ms", "of the last"],
    builds.map(({ what, times }) => [
      what,
      ...[median(times), percentile(times, 0), percentile(times, 0.9), percentile(times, 1)].map((ms) => number(ms)),
      number(median(times) / median(common.times), 2),
    ]),
  );
  const sizes = await sizesOf(built);
  say();
  printTable(
    ["bundle's file", "KiB"],
    sizes.map(({ file, bytes }) => [file, number(bytes / 1024, 1)]),
  );
  say();
  printTarget(`the bundle takes at most a third: ${number(ratio, 2)}`, ratio <= MOST);
  return { figures: { builds: builds.map(({ what, times }) => ({ what, times })), ratio, sizes }, sound: true };
}

async function sizesOf(built: string): Promise<{ file: string; bytes: number }[]> {
  const files = globSync("**/*.js", { cwd: built }).sort();
  return Promise.all(files.map(async (file) => ({ file, bytes: (await stat(join(built, file))).size })));
}
