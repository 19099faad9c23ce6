// Serves the static website of the account `site`: what is in `$web`, to anyone, and nothing else of the account.
// https://learn.microsoft.com/azure/storage/blobs/storage-blob-static-website
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { pipeline } from "node:stream";
import { SITE_CONTAINER } from "../../functions/lib/names.ts";
import { guarded, sendEmpty } from "../exchange.ts";
import { managedIdentity } from "./connection.ts";
import { type AccountFront, blobName } from "./media.ts";

/** Public images. The other paths of the website are the files of the folder `site`, which the host serves itself. */
const PREFIX = "/images/";
const INDEX = "index.html";
const RENEW_MS = 60_000;

/** What the store may see of a request, and a client of a blob. No metadata, and no credential of the client. */
const REQUEST_HEADERS = ["if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range"];
const RESPONSE_HEADERS = [
  "accept-ranges",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
];

const only = (names: readonly string[], headers: IncomingHttpHeaders) =>
  Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));

/**
 * @param url path and query as received, beginning with /images/
 * @returns path of the blob in its container. The query means nothing; undefined when the path names no blob.
 */
export function websiteTarget(url: string): string | undefined {
  const [path = ""] = url.slice(1).split(/[?#]/);
  const name = blobName(path);
  if (name === undefined) return undefined;
  const document = name.endsWith("/") ? `${name}${INDEX}` : name;
  return document.split("/").map(encodeURIComponent).join("/");
}

const HEADINGS: Readonly<Record<number, string>> = {
  404: "The requested content does not exist.",
  416: "The range specified is invalid for the current size of the resource.",
};

/** As Azure does without an error document: a page, where the blob service has XML. */
function sendError({ method }: IncomingMessage, response: ServerResponse, status: number): void {
  const html = `<!doctype html><title>${status}</title><h1>${HEADINGS[status] ?? "The request failed."}</h1>\n`;
  response.writeHead(status, { "Content-Type": "text/html", "Content-Length": Buffer.byteLength(html) });
  response.end(method === "HEAD" ? "" : html);
}

/** Undefined when the environment names no account. */
export function websiteFront(env: Readonly<Record<string, string>>): AccountFront | undefined {
  const { SITE_BLOB_ENDPOINT, NODE_EXTRA_CA_CERTS } = env;
  if (!SITE_BLOB_ENDPOINT) return undefined;
  const { hostname, port, pathname } = new URL(SITE_BLOB_ENDPOINT);
  const container = `${pathname.replace(/\/$/, "")}/${encodeURIComponent(SITE_CONTAINER)}`;
  const agent = new Agent({ keepAlive: true, ...(NODE_EXTRA_CA_CERTS && { ca: readFileSync(NODE_EXTRA_CA_CERTS) }) });
  const credential = managedIdentity(env);
  let current: ReturnType<typeof credential.getToken> | undefined;

  async function authorization(): Promise<string> {
    const known = await current?.catch(() => undefined);
    if (!known || known.expiresOnTimestamp < Date.now() + RENEW_MS) current = credential.getToken();
    return `Bearer ${(await current)?.token}`;
  }

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "", headers } = incoming;
    // It has no CORS either, so OPTIONS is no exception.
    if (method !== "GET" && method !== "HEAD") return sendEmpty(response, 405, [["Allow", "GET, HEAD"]]);
    const blob = websiteTarget(url);
    if (blob === undefined) return sendError(incoming, response, 404);
    const options: RequestOptions = {
      agent,
      hostname,
      port,
      method,
      path: `${container}/${blob}`,
      headers: {
        ...only(REQUEST_HEADERS, headers),
        authorization: await authorization(),
        "x-ms-version": "2021-12-02",
      },
    };
    const outgoing = request(options);
    outgoing.on("error", () => sendEmpty(response, 503));
    outgoing.on("response", (received) => {
      const { statusCode = 503 } = received;
      if (statusCode >= 400) {
        received.resume();
        return sendError(incoming, response, statusCode);
      }
      response.writeHead(statusCode, only(RESPONSE_HEADERS, received.headers));
      pipeline(received, response, () => {});
    });
    response.on("close", () => outgoing.destroy());
    outgoing.end();
  }

  return {
    serve(incoming, response) {
      if (!incoming.url?.startsWith(PREFIX)) return false;
      guarded(respond)(incoming, response);
      return true;
    },
    close: () => agent.destroy(),
  };
}
