// Builds the owner's console: every file that the route `console` serves, as one JSON document by path.
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { build, type Metafile } from "esbuild";

const root = join(import.meta.dirname, "..");

type File = { readonly type: string; readonly text: string; readonly etag?: string };

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};
const PAGE_TYPE = "text/html; charset=utf-8";

/** The page, with the names of its script and its style sheet. */
async function readPage(names: readonly string[]): Promise<File> {
  const template = await readFile(join(root, "console", "index.html"), "utf8");
  const text = template.replace(/(src|href)="(main|style)\.(js|css)"/g, (_, attribute, entry, type) => {
    const name = names.find((each) => each.startsWith(`${entry}-`) && each.endsWith(`.${type}`));
    return `${attribute}="${name}"`;
  });
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 16)}"`;
  return { type: PAGE_TYPE, text, etag };
}

/** @returns the files by path, the page with the empty one; and which package went into which file */
async function buildConsole(): Promise<{ files: Readonly<Record<string, File>>; metafile: Metafile }> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ["console/main.tsx", "console/style.css"],
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    outdir: join(root, "console-files"),
    write: false,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    splitting: true,
    minify: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    preserveSymlinks: true,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
  });
  const files: Record<string, File> = {};
  for (const { path, text } of outputFiles)
    files[basename(path)] = { type: TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "", text };
  return { files: { "": await readPage(Object.keys(files)), ...files }, metafile };
}

/** Replaces the document at once, because several starts from the same sources may build it at the same time. */
export async function writeConsole(file: string): Promise<Metafile> {
  const { files, metafile } = await buildConsole();
  await mkdir(dirname(file), { recursive: true });
  const written = `${file}.${randomUUID()}`;
  await writeFile(written, JSON.stringify(files));
  await rename(written, file);
  return metafile;
}
