// bench cold-start: how long the app takes to import in a fresh process, bundled as it ships and unbundled.
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { readLocalSettings } from "../../local/settings-file.ts";
import { alternateRounds } from "../load.ts";
import { number, printLine, printTable, printTarget } from "../print.ts";
import { median, percentile } from "../statistics.ts";

const RUNS = 21;
const MAX_RATIO = 1 / 3;
const importApp = fileURLToPath(new URL("import-app.ts", import.meta.url));

const oneFileEach: Plugin = {
  name: "one-file-each",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "entry-point" ? undefined : { path: path.replace(/\.ts$/, ".js"), external: true },
    );
  },
};

/**
 * Builds the app without a bundle: one JavaScript file for each source, packages left in node_modules.
 * @returns the entry `plain`, and the entry `eager`, which loads telemetry and sharp first as apps commonly do
 */
async function buildUnbundled(root: string): Promise<{ plain: string; eager: string }> {
  // Below the root, so that packages are found; ignored by git.
  const outdir = join(root, ".local", "bench-unbundled");
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: globSync("functions/**/*.ts", {
      cwd: root,
      exclude: ["**/*.test.ts", "**/*.{fixture,simulation}.ts"],
    }),
    outdir,
    outbase: "functions",
    bundle: true,
    plugins: [oneFileEach],
    format: "esm",
    platform: "node",
    target: "node24",
    logLevel: "warning",
  });
  const eager = join(outdir, "eager.js");
  await writeFile(eager, 'import "applicationinsights";\nimport "sharp";\nimport "./app.js";\n');
  return { plain: join(outdir, "app.js"), eager };
}

async function importOnce(file: string, env: Record<string, string>): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [importApp, file], { env });
  const { ms } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { ms: number };
  return ms;
}

async function sizesOf(built: string): Promise<{ file: string; bytes: number }[]> {
  const files = globSync("**/*.js", { cwd: built }).sort();
  return Promise.all(files.map(async (file) => ({ file, bytes: (await stat(join(built, file))).size })));
}

/** @param built folder of the bundle */
export async function benchColdStart(root: string, built: string): Promise<{ figures: object; isCorrect: boolean }> {
  const { plain, eager } = await buildUnbundled(root);
  const bundle = { what: "bundle", file: join(built, "app.js") };
  const common = { what: "unbundled, telemetry and sharp loaded eagerly", file: eager };
  const builds = [bundle, { what: "unbundled", file: plain }, common];
  // Complete settings. Importing the app connects to nothing.
  const { values } = readLocalSettings(root);
  const runs = await alternateRounds(builds, RUNS + 1, ({ file }) => importOnce(file, values));
  // The first round fills the file cache and does not count.
  const timesOf = (build: (typeof builds)[number]) => (runs.get(build) ?? []).slice(1);
  const ratioOf = (build: (typeof builds)[number]) => median(timesOf(build)) / median(timesOf(common));

  printLine(`Importing the app in a fresh process, ${RUNS} alternating runs each:\n`);
  printTable(builds, {
    build: ({ what }) => what,
    "median ms": (build) => number(median(timesOf(build))),
    "min ms": (build) => number(percentile(timesOf(build), 0)),
    "p90 ms": (build) => number(percentile(timesOf(build), 0.9)),
    "max ms": (build) => number(percentile(timesOf(build), 1)),
    "of the last": (build) => number(ratioOf(build), 2),
  });
  const sizes = await sizesOf(built);
  printLine();
  printTable(sizes, { "file of the bundle": ({ file }) => file, KiB: ({ bytes }) => number(bytes / 1024, 1) });
  printLine();
  const ratio = ratioOf(bundle);
  printTarget(`the bundle takes at most a third: ${number(ratio, 2)}`, ratio <= MAX_RATIO);
  const times = builds.map((build) => ({ what: build.what, times: timesOf(build) }));
  return { figures: { builds: times, ratio, sizes }, isCorrect: true };
}
