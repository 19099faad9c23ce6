// Zips a folder so that the same files are the same bytes: whatever the machine, the clock and the time zone.
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { unzipSync, type ZipOptions, type Zippable, zipSync } from "fflate";

const UNIX = 3;
const OPTIONS: ZipOptions = {
  level: 9,
  // The format holds local time without a zone, and the library asks the date for its local parts.
  mtime: new Date(2000, 0, 1),
  os: UNIX,
  // A regular file that its owner writes and everybody reads; in the upper half, as Info-ZIP has it.
  attrs: (0o100644 << 16) >>> 0,
};

/** `bytes` is what it takes in the archive. */
export type Part = { readonly name: string; readonly bytes: number };

export async function zip(folder: string): Promise<{ bytes: Uint8Array; parts: readonly Part[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Zippable = {};
  // In the order of code units: what a locale thinks of letters differs between machines.
  for (const path of paths.sort()) files[relative(folder, path).replaceAll(sep, "/")] = await readFile(path);
  const bytes = zipSync(files, OPTIONS);
  const parts: Part[] = [];
  unzipSync(bytes, {
    filter: ({ name, size }) => {
      parts.push({ name, bytes: size });
      return false;
    },
  });
  return { bytes, parts };
}
