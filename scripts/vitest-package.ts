// Unpacks the package once for all end-to-end tests, where nothing of the project is near: they run on what ships.
import { cpSync, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";

const root = join(import.meta.dirname, "..");

export default async function setup(): Promise<() => Promise<void>> {
  const zip = await readFile(join(root, "package", "vitae.zip")).catch((cause: Error) => {
    throw new Error(`End-to-end tests run on the package, and there is none. Make it: npm run package`, { cause });
  });
  const folder = await mkdtemp(join(tmpdir(), "vitae-package-"));
  for (const [name, content] of Object.entries(unzipSync(zip))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  // Where npm did not install the native part that ships, this machine needs its own beside it.
  const native = join("node_modules", "@img");
  if (!existsSync(join(root, native, "sharp-linux-x64")))
    cpSync(join(root, native), join(folder, native), { recursive: true });
  process.env.VITAE_ROOT = folder;
  return () => rm(folder, { recursive: true });
}
