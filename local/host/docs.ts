// The interactive page of the API at /docs: Swagger UI out of its package, and two small files of our own.
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveFile } from "./site.ts";

const OWN = join(import.meta.dirname, "docs");
const PACKAGE = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));
/** What the page needs of the package, which has demos and source maps as well. */
const PACKAGED = new Set(["/swagger-ui.css", "/swagger-ui-bundle.js", "/favicon-32x32.png"]);

/** Nothing but this server's own files: no script in the page, and no request to anybody else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Swagger UI's stylesheet has its arrows in itself.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Answers /docs and what lies below it; false for any other path. */
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
