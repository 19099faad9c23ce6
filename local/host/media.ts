// Serves /media from the media account, so that a signed link works in any browser and in curl.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, request } from "node:https";
import { endToEndHeaders, exchange, sendEmpty } from "../exchange.ts";
import { mediaCors } from "./cors.ts";

export type MediaOptions = {
  /** Address of the account's blob service. */
  readonly target: string;
  /** The certificate to trust. */
  readonly ca: string;
};

export type AccountFront = {
  /** Returns false if the request is not for a path of this account. */
  serve(incoming: IncomingMessage, response: ServerResponse): boolean;
  close(): void;
};

const PREFIX = "/media/";
const METHODS = ["GET", "HEAD", "OPTIONS", "PUT"];
/** Only the signature of a link counts: the store receives no other credential. */
const REMOVED = ["host", "authorization", "cookie", "origin", "referer"];
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
const CONTAINER = /^[a-z0-9](?:-?[a-z0-9]){2,62}$/;

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * @param path the part of a request's path that names a blob
 * @returns the name decoded; undefined if it is empty, or has dot segments, also ones that a second decoding would reveal
 */
export function blobName(path: string): string | undefined {
  const name = decode(path);
  if (!name || /[\\\0]/.test(name)) return undefined;
  const decodedTwice = decode(name) ?? name;
  const isDots = (piece: string) => piece === "." || piece === "..";
  return [...name.split("/"), ...decodedTwice.split(/[/\\]/)].some(isDots) ? undefined : name;
}

/**
 * @param url path and query as received, beginning with /media/
 * @returns `/container/blob?query`; undefined unless it names one blob without dot segments
 */
export function mediaTarget(url: string): string | undefined {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const [container = "", ...rest] = path.slice(PREFIX.length).split("/");
  if (!CONTAINER.test(container) || blobName(rest.join("/")) === undefined) return undefined;
  return `/${container}/${rest.join("/")}${mark < 0 ? "" : url.slice(mark)}`;
}

export function mediaFront({ target, ca }: MediaOptions, cors: readonly string[]): AccountFront {
  const { hostname, port, pathname } = new URL(target);
  const agent = new Agent({ keepAlive: true, ca });
  const rule = mediaCors(cors);

  function respond(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = "GET", url = "", headers } = incoming;
    if (!METHODS.includes(method)) return void sendEmpty(response, 405, [["Allow", METHODS.join(", ")]]);
    if (method === "OPTIONS") {
      const preflight = rule.preflight({
        origin: headers.origin,
        method: headers["access-control-request-method"],
        headers: headers["access-control-request-headers"],
      });
      return void sendEmpty(response, preflight.status, preflight.headers);
    }
    const extraHeaders = rule.headers({ origin: headers.origin, method });
    const blob = mediaTarget(url);
    if (blob === undefined) return void sendEmpty(response, 404, extraHeaders);
    const path = `${pathname.replace(/\/$/, "")}${blob}`;
    const kept = Object.entries(endToEndHeaders(headers)).filter(([name]) => !REMOVED.includes(name));
    const outgoing = request({ agent, hostname, port, method, path, headers: Object.fromEntries(kept) });
    exchange(incoming, response, outgoing, { extraHeaders });
  }

  return {
    serve(incoming, response) {
      if (!incoming.url?.startsWith(PREFIX)) return false;
      respond(incoming, response);
      return true;
    },
    close: () => agent.destroy(),
  };
}
