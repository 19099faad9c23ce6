// The local functions host: a small stand-in for Azure Functions Core Tools. Starts the app, serves it, and ends it in order.

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { admin } from "./admin.ts";
import type { BlobWrites } from "./blob-writes.ts";
import { serveDocs } from "./docs.ts";
import { answerEmpty } from "./forward.ts";
import { readHostJson } from "./host-json.ts";
import { type Front, httpFront } from "./http-front.ts";
import { listenOnLoopback } from "./listen.ts";
import { type MediaOptions, mediaFront } from "./media.ts";
import { type HttpFunction, type Route, routeTable } from "./route-table.ts";
import { type App, startApp } from "./running-app.ts";
import { serveFile } from "./site.ts";
import { createTriggers, triggerOf } from "./triggers.ts";

export type HostOptions = {
  /** Folder with host.json and a package.json whose `main` names the app. */
  readonly root: string;
  /** The whole environment of the app's process: its settings, and what it needs of the machine's. */
  readonly env: Readonly<Record<string, string>>;
  /** 0 takes any free one. */
  readonly port: number;
  /** Host.CORS of the local settings: origins, or `*`. */
  readonly cors?: readonly string[];
  /** Folder of static files that is served at /, outside the route prefix. */
  readonly site?: string;
  /** Serves the interactive page of the API at /docs, if the app has a function `openapi`. */
  readonly docs?: boolean;
  /** The media account: served at /media, which the app learns as CDN_BASE_URL. */
  readonly media?: MediaOptions;
  /** Tells of the blobs that are written; without it blob triggers wait for ever. */
  readonly blobWrites?: BlobWrites;
  /** Milliseconds before a blob's event that failed is delivered again, doubled for each attempt that follows; 200. */
  readonly retryMs?: number;
  /** Receives the host's own lines and the app's, one at a time. */
  readonly log: (line: string) => void;
};

export type Host = {
  readonly url: string;
  readonly port: number;
  /** The HTTP functions in the order in which their routes are tried; `route` includes the prefix. */
  readonly functions: readonly Route[];
  /** Takes no new requests, lets those under way and the app finish; within three seconds, so that storage can save after it. */
  close(): Promise<void>;
  /** Ends the app at once, as a crash would, and the host with it. What was under way is lost. */
  kill(): Promise<void>;
};

/** What Core Tools sets. */
const CORE_TOOLS = { AZURE_FUNCTIONS_ENVIRONMENT: "Development", FUNCTIONS_WORKER_RUNTIME: "node" };
/** Flex Consumption runs in UTC and refuses another TZ. */
const AZURE = { TZ: "UTC" };
const DRAIN_MS = 2000;
const STOP_MS = 2700;
const RETRY_MS = 200;

async function drained(front: Front, app: App, triggersEnded: Promise<void>): Promise<void> {
  let triggers = 1;
  void triggersEnded.then(() => {
    triggers = 0;
  });
  const until = performance.now() + DRAIN_MS;
  const running = () => front.running() + (app.worker()?.running() ?? 0) + triggers;
  while (running() > 0 && performance.now() < until) await pause(10);
}

/** @throws {Error} when the app has HTTP functions but does not stream HTTP */
function httpFunctions({ functions, worker }: App): HttpFunction[] {
  const found = functions.flatMap((metadata) => {
    const binding = triggerOf(metadata);
    if (binding?.type.toLowerCase() !== "httptrigger") return [];
    const { methods, route } = binding as { methods?: readonly string[]; route?: string };
    return [{ name: metadata.name, ...(methods && { methods }), ...(route !== undefined && { route }) }];
  });
  if (found.length > 0 && worker()?.httpPort === undefined) {
    throw new Error(
      "HTTP functions run here only with HTTP streaming: call app.setup({ enableHttpStream: true }) in the app.",
    );
  }
  return found;
}

/**
 * @throws {Error} whose message is for people: the app's own when it does not load, one line when the port is taken
 */
export async function startHost({ root, env, port, cors = [], site, log, ...options }: HostOptions): Promise<Host> {
  const { routePrefix } = await readHostJson(root);
  let serve: RequestListener = (_, response) => answerEmpty(response, 503, [["Retry-After", "1"]]);
  // The port comes first: whoever is to read that it is taken should not wait for the app.
  const listener = await listenOnLoopback((incoming, response) => serve(incoming, response), port);
  let app: App | undefined;
  try {
    const url = `http://localhost:${listener.port}`;
    const own = { WEBSITE_HOSTNAME: new URL(url).host, ...(options.media && { CDN_BASE_URL: `${url}/media` }) };
    app = await startApp({ root, env: { ...CORE_TOOLS, ...own, ...env, ...AZURE }, log });
    const running = app;
    const table = routeTable(httpFunctions(app), routePrefix);
    const { blobWrites, retryMs = RETRY_MS } = options;
    const triggers = createTriggers({ app, env, blobWrites, retryMs, log });
    const media = options.media && mediaFront(options.media, cors);

    const documented = options.docs === true && table.routes.some(({ name }) => name === "openapi");
    const prefix = `/${routePrefix.toLowerCase()}/`;
    const isOutside = (path: string) => routePrefix === "" || !`${path}/`.toLowerCase().startsWith(prefix);
    function besides(incoming: IncomingMessage, path: string, response: ServerResponse): boolean {
      if (admin(path, incoming, response, triggers)) return true;
      if (documented && serveDocs(path, incoming, response)) return true;
      if (site === undefined || !isOutside(path)) return false;
      void serveFile({ folder: site, path }, incoming, response);
      return true;
    }
    const front = httpFront({ app, table, cors, media, besides, log });
    serve = front.handler;
    triggers.start();

    async function end(how: "in order" | "at once"): Promise<void> {
      const started = performance.now();
      front.drain();
      listener.stop();
      const killed = how === "at once" ? running.stop(0) : undefined;
      const triggersEnded = triggers.stop();
      await (killed ?? drained(front, running, triggersEnded));
      await running.stop(STOP_MS - (performance.now() - started));
      front.close();
      media?.close();
      await listener.close();
    }
    let ending: Promise<void> | undefined;
    function close(): Promise<void> {
      ending ??= end("in order");
      return ending;
    }
    function kill(): Promise<void> {
      ending ??= end("at once");
      return ending;
    }
    return { url, port: listener.port, functions: table.routes, close, kill };
  } catch (error) {
    await app?.stop(STOP_MS);
    await listener.close();
    throw error;
  }
}
