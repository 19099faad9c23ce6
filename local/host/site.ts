// Serves the files of one folder at /, as a static website does. No listing, and nothing outside the folder.
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream";

const TYPES: Readonly<Record<string, string>> = {
  ".avif": "image/avif",
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

async function findFile(folder: string, path: string): Promise<{ file: string; size: number } | undefined> {
  try {
    const root = await realpath(folder);
    // The real path decides, whatever the request's spelling: it resolves symbolic links and dot segments.
    const file = await realpath(join(root, path.endsWith("/") ? `${path}index.html` : path));
    const { size, isFile } = await stat(file).then((found) => ({ size: found.size, isFile: found.isFile() }));
    const isHidden = file
      .slice(root.length)
      .split(sep)
      .some((piece) => piece.startsWith("."));
    return isFile && file.startsWith(root + sep) && !isHidden ? { file, size } : undefined;
  } catch {
    return undefined;
  }
}

export type StaticFile = {
  readonly folder: string;
  /** Below the folder, beginning with a slash. A path that ends with a slash means its index.html. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of a 404. @default none */
  readonly hint?: string;
};

/** Serves GET and HEAD of a file; anything else is a 404. */
export async function serveFile(
  { folder, path, headers, hint = "" }: StaticFile,
  { method }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const found = method === "GET" || method === "HEAD" ? await findFile(folder, path) : undefined;
  if (!found) {
    const type = hint === "" ? {} : { "Content-Type": "text/plain; charset=utf-8" };
    response.writeHead(404, { ...type, "Content-Length": Buffer.byteLength(hint) });
    return void response.end(method === "HEAD" ? "" : hint);
  }
  response.writeHead(200, {
    "Content-Type": TYPES[extname(found.file).toLowerCase()] ?? "application/octet-stream",
    "Content-Length": found.size,
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  if (method === "HEAD") response.end();
  else pipeline(createReadStream(found.file), response, () => {});
}
