// The interactive API documentation at /docs: Swagger UI from its package, and two small files of docs/.
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveFile } from "./site.ts";

const OWN = join(import.meta.dirname, "docs");
const PACKAGE = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
/** The files of the package that the page needs. */
const PACKAGED = new Set(["/swagger-ui.css", "/swagger-ui-bundle.js", "/favicon-32x32.png"]);

/** Only files of this server: no inline script, and no request to another origin. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Swagger UI's stylesheet contains images as data URLs.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Serves /docs and the paths below it; false for any other path. */
export function serveDocs(path: string, incoming: IncomingMessage, response: ServerResponse): boolean {
  if (path === "/docs") {
    response.writeHead(308, { Location: "/docs/", "Content-Length": 0 }).end();
    return true;
  }
  if (!path.startsWith("/docs/")) return false;
  const name = path.slice("/docs".length);
  const folder = PACKAGED.has(name) ? PACKAGE : OWN;
  const headers = { "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer" };
  void serveFile({ folder, path: name, headers }, incoming, response);
  return true;
}
