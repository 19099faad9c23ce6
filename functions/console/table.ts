// The files of the console: one JSON document of the build, whose keys are the only paths that exist.
import { readFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { z } from "zod";
import { AppError } from "../lib/errors.ts";

const tableSchema = z.record(
  z.string(),
  z.object({
    type: z.string(),
    text: z.string(),
    /** Of the page, whose name stays the same. A name of any other file contains the hash of its content. */
    etag: z.string().optional(),
  }),
);
type Table = z.infer<typeof tableSchema>;

export type ConsoleFile = Table[string] & {
  /** The text, compressed once. */
  readonly zipped: () => Promise<Uint8Array<ArrayBuffer>>;
};

export type ConsoleFiles = {
  /** @throws {AppError} NOT_FOUND when the console was not built */
  find(path: string): Promise<ConsoleFile | undefined>;
};

/** Where the build writes it: in the package next to app.js; for an app that runs from its sources, in npm's cache folder. */
export function defaultTable(commit: string): string {
  const folder = dirname(findPackageJSON(import.meta.url) as string);
  return commit === "source" ? join(folder, "node_modules", ".cache", "console.json") : join(folder, "console.json");
}

const compress = promisify(gzip);

async function read(path: string): Promise<ReadonlyMap<string, ConsoleFile>> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw new AppError("NOT_FOUND", "The console was not built: npm start and npm run package build it.", { cause });
  });
  const files = Object.entries(tableSchema.parse(JSON.parse(text)));
  return new Map(
    files.map(([name, file]) => {
      let zipped: Promise<Uint8Array<ArrayBuffer>> | undefined;
      return [name, { ...file, zipped: () => (zipped ??= compress(file.text)) }];
    }),
  );
}

/** Reads the document once, with the first request: a cold start of the counter does not wait for it. */
export function createConsoleFiles(path: string): ConsoleFiles {
  let table: ReturnType<typeof read> | undefined;
  return {
    async find(name) {
      table ??= read(path).catch((error: unknown) => {
        // The next request tries again.
        table = undefined;
        throw error;
      });
      return (await table).get(name);
    },
  };
}
