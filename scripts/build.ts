// npm run build: what ships, in dist/: the bundle, host.json and a package.json that names the entry.
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

// CommonJS inside the bundle still calls require: for Node's own modules, and for @azure/functions-core, which the
// host provides at run time by intercepting require.
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** The commit that is checked out, with -dirty when tracked files differ from it; outside of git, the one CI names. */
async function readCommit(): Promise<string> {
  const args = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
  const described = await promisify(execFile)("git", args, { cwd: root }).catch(() => undefined);
  return described?.stdout.trim() || process.env.GITHUB_SHA || "unknown";
}

/**
 * The exporter of telemetry asks settings.sdk.monitor.azure.com once an hour whether to collect statistics of itself, and
 * has no setting against it. What ships asks nobody.
 */
const asksNobody: Plugin = {
  name: "asks-nobody",
  setup({ onEnd, onLoad }) {
    let found = false;
    const filter = /monitor-opentelemetry-exporter.dist.commonjs._configuration.configurationWorker\.js$/;
    onLoad({ filter }, () => {
      found = true;
      return { contents: "exports.ConfigurationWorker = class { shutdown() {} };" };
    });
    onEnd(() => {
      if (!found) throw new Error(`No file matches ${filter}: see where the exporter keeps its hourly question now.`);
    });
  },
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
const { outputs } = (
  await build({
    absWorkingDir: root,
    entryPoints: ["functions/app.ts"],
    outdir: dist,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    splitting: true,
    minify: true,
    keepNames: true,
    sourcemap: "linked",
    sourcesContent: false,
    // The browser's and React Native's dialects of the SDKs are of no use here.
    mainFields: ["module", "main"],
    // The host provides the first at run time; the second is native, and its package is installed beside the bundle.
    external: ["@azure/functions-core", "sharp"],
    banner: { js: banner },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins: [asksNobody],
  })
).metafile;
const { name, version, dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const manifest = {
  name,
  version,
  gitHead: await readCommit(),
  type: "module",
  main: "app.js",
  dependencies: { sharp: dependencies.sharp },
};
await writeFile(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
await copyFile(join(root, "host.json"), join(dist, "host.json"));

const bytes = Object.entries(outputs).reduce((sum, [file, { bytes }]) => (file.endsWith(".js") ? sum + bytes : sum), 0);
process.stdout.write(`dist/: ${Object.keys(outputs).length} files, ${Math.round(bytes / 1024)} KiB of JavaScript\n`);
