// Passes /media on to the media account, so that a signed link works in any browser and a pasted curl.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Agent, request } from "node:https";
import { answerEmpty, exchange, isHopByHop } from "./forward.ts";
import { mediaCors } from "./media-cors.ts";
import { isMedia, mediaTarget } from "./media-path.ts";

export type MediaOptions = {
  /** Address of the account's blob service. */
  readonly target: string;
  /** The certificate it is trusted by. */
  readonly ca: string;
};

export type Media = {
  /** False when the request is not for this. */
  serve(incoming: IncomingMessage, response: ServerResponse): boolean;
  close(): void;
};

const METHODS = ["GET", "HEAD", "OPTIONS", "PUT"];
// A link opens by its signature alone; what else a browser sends along is none of the store's business.
const WITHHELD = new Set(["host", "authorization", "cookie", "origin", "referer"]);

function headersOf({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isHopByHop(name) && !WITHHELD.has(name)));
}

export function mediaFront({ target, ca }: MediaOptions, cors: readonly string[]): Media {
  const { hostname, port, pathname } = new URL(target);
  const agent = new Agent({ keepAlive: true, ca });
  const rule = mediaCors(cors);

  return {
    serve(incoming, response) {
      const { method = "GET", url = "", headers } = incoming;
      if (!isMedia(url)) return false;
      if (!METHODS.includes(method)) {
        answerEmpty(response, 405, [["Allow", METHODS.join(", ")]]);
        return true;
      }
      if (method === "OPTIONS") {
        const answer = rule.preflight({
          origin: headers.origin,
          method: headers["access-control-request-method"],
          headers: headers["access-control-request-headers"],
        });
        answerEmpty(response, answer.status, answer.headers);
        return true;
      }
      const below = mediaTarget(url);
      const extra = rule.headers({ origin: headers.origin, method });
      if (below === undefined) {
        answerEmpty(response, 404, extra);
        return true;
      }
      const path = `${pathname.replace(/\/$/, "")}${below}`;
      const outgoing = request({ agent, hostname, port, method, path, headers: headersOf(incoming) });
      exchange(incoming, response, outgoing, { extra, onGone: () => {} });
      return true;
    },
    close: () => agent.destroy(),
  };
}
