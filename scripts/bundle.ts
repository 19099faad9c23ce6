// npm run build: bundles functions/app.ts into dist/ as it ships, with host.json and a package.json that names entry and commit.
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Metafile, type Plugin } from "esbuild";
import { readCommandLine } from "./command-line.ts";
import { writeConsole } from "./console.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

// CommonJS inside the bundle still calls require: for Node's own modules, and for @azure/functions-core, which the
// host provides at run time by intercepting require.
const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** The commit that is checked out, with -dirty when tracked files differ from it. Outside git: GITHUB_SHA. */
async function readCommit(): Promise<string> {
  const args = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
  const described = await promisify(execFile)("git", args, { cwd: root }).catch(() => undefined);
  return described?.stdout.trim() || process.env.GITHUB_SHA || "unknown";
}

/**
 * The telemetry exporter reads settings.sdk.monitor.azure.com once an hour to learn whether to collect statistics about
 * itself. No setting turns that off, so the bundle replaces the module.
 */
const disableExporterPolling: Plugin = {
  name: "disable-exporter-polling",
  setup({ onEnd, onLoad }) {
    let isReplaced = false;
    const filter = /monitor-opentelemetry-exporter.dist.commonjs._configuration.configurationWorker\.js$/;
    onLoad({ filter }, () => {
      isReplaced = true;
      return { contents: "exports.ConfigurationWorker = class { shutdown() {} };" };
    });
    onEnd(() => {
      if (!isReplaced)
        throw new Error(
          `No file matches ${filter}: find the module in which the exporter now polls its configuration.`,
        );
    });
  },
};

type BundleOptions = { readonly entry?: string; readonly into?: string };

/** Replaces the folder. @returns which file of which package went into which output */
export async function bundle({ entry = "functions/app.ts", into = dist }: BundleOptions = {}): Promise<Metafile> {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: entry, out: "app" }],
    outdir: into,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    splitting: true,
    minify: true,
    keepNames: true,
    sourcemap: "linked",
    sourcesContent: false,
    // Without this, esbuild may take the builds of the SDKs for browsers or React Native.
    mainFields: ["module", "main"],
    // Paths go into the names of chunks. They must not depend on where a link of node_modules leads.
    preserveSymlinks: true,
    // The host provides the first at run time. The second is native: its package is installed next to the bundle.
    external: ["@azure/functions-core", "sharp"],
    banner: { js: banner },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins: [disableExporterPolling],
  });
  const { name, version, dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const manifest = {
    name,
    version,
    gitHead: await readCommit(),
    type: "module",
    main: "app.js",
    dependencies: { sharp: dependencies.sharp },
  };
  await writeFile(join(into, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await copyFile(join(root, "host.json"), join(into, "host.json"));
  const { inputs, outputs } = await writeConsole(join(into, "console.json"));
  return { inputs: { ...metafile.inputs, ...inputs }, outputs: { ...metafile.outputs, ...outputs } };
}

if (import.meta.main) {
  readCommandLine({ name: "npm run build", about: "Bundles the app to dist/, which npm start -- --built serves." });
  const { outputs } = await bundle();
  const scripts = Object.entries(outputs).filter(([file]) => file.endsWith(".js"));
  const bytes = scripts.reduce((sum, [, output]) => sum + output.bytes, 0);
  process.stdout.write(`dist/: ${Object.keys(outputs).length} files, ${Math.round(bytes / 1024)} KiB of JavaScript\n`);
}
