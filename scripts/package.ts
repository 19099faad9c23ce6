// npm run package: writes what ships to package/vitae.zip and the list of its packages to package/vitae.cdx.json.
import { createHash } from "node:crypto";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { readCommandLine } from "./command-line.ts";
import { installNative } from "./package/native.ts";
import { writeSbom } from "./package/sbom.ts";
import { zip } from "./package/zip.ts";

const MIB = 2 ** 20;
const MAX_BYTES = 15 * MIB;
const LARGEST_SHOWN = 6;

const root = join(import.meta.dirname, "..");
const out = join(root, "package");
// The content of the zip. A fixed folder, so that paths in the list of packages are the same on every machine.
const app = join(out, "app");

const size = (bytes: number) => `${(bytes / MIB).toFixed(2).padStart(6)} MiB`;

async function main(): Promise<void> {
  readCommandLine({
    name: "npm run package",
    about: "Writes package/vitae.zip, which ships, and its list of packages.",
  });
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  const metafile = await bundle();
  // Its test compares the list of packages with it.
  await writeFile(join(out, "metafile.json"), JSON.stringify(metafile));
  // Nothing reads source maps in Azure. A build of the same commit gives them back.
  await cp(join(root, "dist"), app, { recursive: true, filter: (source) => !source.endsWith(".map") });
  const installed = await installNative(root, app);

  const { bytes, entries } = await zip(app);
  if (bytes.byteLength > MAX_BYTES)
    throw new Error(
      `The package must be at most ${size(MAX_BYTES).trim()}, received ${size(bytes.byteLength).trim()}: see what was added to the bundle.`,
    );
  await writeFile(join(out, "vitae.zip"), bytes);
  await writeSbom({ root, app, metafile, installed, file: join(out, "vitae.cdx.json") });

  const largest = entries.toSorted((one, other) => other.bytes - one.bytes).slice(0, LARGEST_SHOWN);
  const lines = [
    `package/vitae.zip: ${entries.length} files, ${size(bytes.byteLength).trim()} (${bytes.byteLength} bytes)`,
    `sha256 ${createHash("sha256").update(bytes).digest("hex")}`,
    "The largest files, compressed:",
    ...largest.map(({ bytes, name }) => `  ${size(bytes)}  ${name}`),
    "package/vitae.cdx.json: its packages",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
