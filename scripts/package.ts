// npm run package: what ships, as package/vitae.zip, and what it is made of, as package/vitae.cdx.json.
import { createHash } from "node:crypto";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { installNative } from "./package/native.ts";
import { describeParts } from "./package/sbom.ts";
import { zip } from "./package/zip.ts";

const MIB = 2 ** 20;
const LIMIT = 15 * MIB;
const SHOWN = 6;

const root = join(import.meta.dirname, "..");
const out = join(root, "package");
// What the zip holds lies here as it is, so that paths in the list of parts are the same on every machine.
const app = join(out, "app");

const size = (bytes: number) => `${(bytes / MIB).toFixed(2).padStart(6)} MiB`;

async function main(): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  const metafile = await bundle();
  // Nothing reads source maps in Azure, and a bundle that can be built again from its commit gives them back.
  await cp(join(root, "dist"), app, { recursive: true, filter: (source) => !source.endsWith(".map") });
  const installed = await installNative(root, app);

  const { bytes, parts } = await zip(app);
  if (bytes.byteLength > LIMIT)
    throw new Error(`The package may have at most ${size(LIMIT)}, but has ${size(bytes.byteLength)}.`);
  await writeFile(join(out, "vitae.zip"), bytes);
  await describeParts({ root, app, metafile, installed, file: join(out, "vitae.cdx.json") });

  const biggest = parts.toSorted((one, other) => other.bytes - one.bytes).slice(0, SHOWN);
  const lines = [
    `package/vitae.zip: ${parts.length} files, ${size(bytes.byteLength).trim()} (${bytes.byteLength} bytes)`,
    `sha256 ${createHash("sha256").update(bytes).digest("hex")}`,
    "The biggest, zipped:",
    ...biggest.map(({ bytes, name }) => `  ${size(bytes)}  ${name}`),
    "package/vitae.cdx.json: the packages in it",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
