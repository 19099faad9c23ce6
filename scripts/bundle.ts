// Bundles an app as it ships, functions/app.ts into dist/: with host.json and the manifest that names the entry and the commit.
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Metafile, type Plugin } from "esbuild";

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

type Bundled = { readonly entry?: string; readonly into?: string };

/** Writes the folder anew, and tells which file of which package went where. */
export async function bundle({ entry = "functions/app.ts", into = dist }: Bundled = {}): Promise<Metafile> {
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
    // The browser's and React Native's dialects of the SDKs are of no use here.
    mainFields: ["module", "main"],
    // Paths go into the names of chunks: they must not depend on where node_modules really lies.
    preserveSymlinks: true,
    // The host provides the first at run time; the second is native, and its package is installed beside the bundle.
    external: ["@azure/functions-core", "sharp"],
    banner: { js: banner },
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins: [asksNobody],
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
  return metafile;
}
