// Zips a folder so that the same files give the same bytes, on any machine, at any time and in any time zone.
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { unzipSync, type ZipOptions, type Zippable, zipSync } from "fflate";

const UNIX = 3;
const OPTIONS: ZipOptions = {
  level: 6,
  // The format stores local time without a zone, and the library reads the local parts of the date.
  mtime: new Date(2000, 0, 1),
  os: UNIX,
  // A regular file with mode 644, in the upper 16 bits as Info-ZIP stores it.
  attrs: (0o100644 << 16) >>> 0,
};

/** A file of the archive and its compressed size. */
export type ZipEntry = { readonly name: string; readonly bytes: number };

export async function zip(folder: string): Promise<{ bytes: Uint8Array; entries: readonly ZipEntry[] }> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Zippable = {};
  // Sorted by code units, because the order of a locale differs between machines.
  for (const path of paths.sort()) files[relative(folder, path).replaceAll(sep, "/")] = await readFile(path);
  const bytes = zipSync(files, OPTIONS);
  const entries: ZipEntry[] = [];
  unzipSync(bytes, {
    filter: ({ name, size }) => {
      entries.push({ name, bytes: size });
      return false;
    },
  });
  return { bytes, entries };
}
