// Unpacks the package once for all end-to-end tests, outside the project: they run on what ships.
import { cpSync, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";

const root = join(import.meta.dirname, "..");

export default async function setup(): Promise<() => Promise<void>> {
  const zip = await readFile(join(root, "package", "vitae.zip")).catch((cause: Error) => {
    throw new Error(`End-to-end tests run on package/vitae.zip, which does not exist. Create it: npm run package`, {
      cause,
    });
  });
  const folder = await mkdtemp(join(tmpdir(), "vitae-package-"));
  for (const [name, content] of Object.entries(unzipSync(zip))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  // On a system other than Linux x64 the package also needs this system's build of sharp.
  const native = join("node_modules", "@img");
  if (!existsSync(join(root, native, "sharp-linux-x64")))
    cpSync(join(root, native), join(folder, native), { recursive: true });
  process.env.VITAE_ROOT = folder;
  return () => rm(folder, { recursive: true });
}
