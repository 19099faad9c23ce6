// GET /console/{*path}: the files of the owner's console, on the API's own origin, where the cookie of the session is.
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { acceptsGzip } from "../lib/http/accept.ts";
import { operation } from "../lib/http/operation.ts";
import { ROUTE_PREFIX } from "../lib/names.ts";
import type { ConsoleFile, ConsoleFiles } from "./table.ts";

const ROOT = `${ROUTE_PREFIX}/console`;

type Console = {
  readonly files: ConsoleFiles;
  /** Origins of the storage accounts that images are shown from. */
  readonly imageOrigins: readonly string[];
};

/** Scripts, styles and calls of this origin only, no inline code, and no text that becomes markup. */
const policy = (imageOrigins: readonly string[]) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    ["img-src 'self' blob: data:", ...imageOrigins].join(" "),
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");

const matches = (ifNoneMatch: string | null, etag: string) =>
  ifNoneMatch?.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, ""))) ?? false;

async function respond({ etag, text, type, zipped }: ConsoleFile, headers: Headers, imageOrigins: readonly string[]) {
  const common = {
    "Content-Security-Policy": policy(imageOrigins),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    Vary: "Origin, Accept-Encoding",
    "Cache-Control": etag === undefined ? "public, max-age=31536000, immutable" : "no-cache",
    ...(etag !== undefined && { ETag: etag }),
  };
  if (etag !== undefined && matches(headers.get("if-none-match"), etag)) return { status: 304, headers: common };
  const typed = { ...common, "Content-Type": type };
  // The page has no tag of its own for each encoding, and is small.
  if (etag !== undefined || !acceptsGzip(headers)) return { headers: typed, text };
  return { headers: { ...typed, "Content-Encoding": "gzip" }, bytes: await zipped() };
}

export const ownersConsole = operation({
  tag: "Service",
  summary: "The owner's console",
  params: z.object({ path: z.string().optional() }),
  responses: {
    200: { description: "The page, or a file of it.", type: "text/html" },
    304: { description: "The page has not changed." },
    308: { description: "The page is at the same path with a slash." },
  },
  errors: ["NOT_FOUND"],
  example: {},
  handler: async ({ headers, url }, { console: { files, imageOrigins } }: { console: Console }) => {
    // The host ignores case and gives both paths of the page the same parameters.
    const { pathname } = new URL(url);
    if (pathname.toLowerCase() === ROOT) return { status: 308, headers: { Location: `${ROOT}/` } };
    const isBelow = pathname.toLowerCase().startsWith(`${ROOT}/`);
    const file = isBelow ? await files.find(pathname.slice(`${ROOT}/`.length)) : undefined;
    if (!file) throw new AppError("NOT_FOUND", `The console has no file ${pathname.slice(0, 200)}: open ${ROOT}/.`);
    return respond(file, headers, imageOrigins);
  },
});
