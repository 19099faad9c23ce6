// Writes the list of packages that ship: those with code in the bundle, and those installed next to it.
import { execFile } from "node:child_process";
import { rm, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import type { Metafile } from "esbuild";
import type { InstalledPackages } from "./native.ts";

type Options = {
  readonly root: string;
  /** Folder of the installed packages. */
  readonly app: string;
  readonly metafile: Metafile;
  readonly installed: InstalledPackages;
  readonly file: string;
};

/** The bundle's metafile with the installed packages added as if they were bundled, so that one tool describes both. */
async function withInstalled({ root, app, metafile, installed }: Options): Promise<Metafile> {
  const manifest = (path: string) => relative(root, join(app, path, "package.json")).replaceAll(sep, "/");
  const { inputs, outputs } = structuredClone(metafile);
  // A module of which tree shaking kept nothing does not ship.
  for (const output of Object.values(outputs))
    output.inputs = Object.fromEntries(
      Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
    );
  const toImports = (names: readonly string[]) =>
    names
      .map((name) => `node_modules/${name}`)
      .filter((path) => path in installed)
      .map((path) => ({ path: manifest(path), kind: "import-statement" as const }));
  for (const { imports } of Object.values(inputs))
    imports.push(...toImports(imports.filter(({ external }) => external).map(({ path }) => path)));
  for (const [path, { dependencies, optionalDependencies }] of Object.entries(installed)) {
    const file = manifest(path);
    const { size } = await stat(join(root, file));
    inputs[file] = { bytes: size, imports: toImports(Object.keys({ ...dependencies, ...optionalDependencies })) };
    outputs[file] = { bytes: size, imports: [], exports: [], inputs: { [file]: { bytesInOutput: size } } };
  }
  return { inputs, outputs };
}

/** Writes CycloneDX JSON without serial number and time, so that the same package gives the same file. */
export async function writeSbom(options: Options): Promise<void> {
  const { root, file } = options;
  const metafile = `${file}.metafile`;
  await writeFile(metafile, JSON.stringify(await withInstalled(options)));
  const args = ["--build-working-dir", root, "--output-reproducible", "--validate", "--output-file", file, metafile];
  await promisify(execFile)(join(root, "node_modules", ".bin", "cyclonedx-esbuild"), args, { cwd: root });
  await rm(metafile);
}
