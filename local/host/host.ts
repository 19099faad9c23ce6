// The local functions host: a small stand-in for Azure Functions Core Tools. Starts the app, serves it, and shuts it down.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { guarded, sendEmpty } from "../exchange.ts";
import { listenOnLocalhost } from "../listen.ts";
import { serveAdmin } from "./admin.ts";
import { serveDocs } from "./docs.ts";
import { readHostJson } from "./host-json.ts";
import { type Front, httpFront } from "./http-front.ts";
import { type MediaOptions, mediaFront } from "./media.ts";
import { type HttpFunction, type Route, routeTable } from "./route-table.ts";
import { type App, startApp } from "./running-app.ts";
import { serveFile } from "./site.ts";
import type { BlobWrites } from "./trigger.ts";
import { createTriggers, triggerOf } from "./triggers.ts";
import { websiteFront } from "./website.ts";

export type HostOptions = {
  /** Folder with host.json and a package.json whose `main` names the app. */
  readonly root: string;
  /** The whole environment of the app's process. With SITE_BLOB_ENDPOINT, the website is served below /images/. */
  readonly env: Readonly<Record<string, string>>;
  /** 0 takes any free port. */
  readonly port: number;
  /** Host.CORS of the local settings: origins, or `*`. */
  readonly cors?: readonly string[];
  /** Folder of static files that is served at /, outside the route prefix. */
  readonly site?: string;
  /** Serves Swagger UI at /docs, if the app has a function `openapi`. */
  readonly docs?: boolean;
  /** The media account: served at /media. The app receives that address as CDN_BASE_URL. */
  readonly media?: MediaOptions;
  /** The source of blob events; without it blob triggers never run. */
  readonly blobWrites?: BlobWrites;
  /** Milliseconds before the first retry of a failed blob event, doubled for each later one. @default 200 */
  readonly retryMs?: number;
  /** Milliseconds that a forwarded request may stand still. @default 240000, as in Azure */
  readonly activityTimeout?: number;
  /** Receives each line of the host and of the app. */
  readonly log: (line: string) => void;
};

export type Host = {
  readonly url: string;
  readonly port: number;
  /** The HTTP functions in the order in which their routes are tried; `route` includes the prefix. */
  readonly functions: readonly Route[];
  /** Rejects new requests and lets running ones and the app finish, within three seconds. */
  close(): Promise<void>;
  /** Ends the app at once, as a crash would, and the host with it. Running requests are lost. */
  kill(): Promise<void>;
  /** Ends the app's process at once, as a crash would. The host restarts it. */
  crash(): void;
};

/** What Core Tools sets. */
const CORE_TOOLS = { AZURE_FUNCTIONS_ENVIRONMENT: "Development", FUNCTIONS_WORKER_RUNTIME: "node" };
/** Flex Consumption runs in UTC and rejects another TZ. */
const AZURE = { TZ: "UTC" };
// Less than the five seconds of npm start, so that storage can still save.
const DRAIN_MS = 2000;
const STOP_MS = 2700;
const RETRY_MS = 200;
const DEFAULT_BODY_LIMIT = 100 * 1024 * 1024;

/** @throws {Error} when the app has HTTP functions but does not stream HTTP */
function httpFunctions({ functions, worker }: App): HttpFunction[] {
  const found = functions.flatMap((metadata) => {
    const binding = triggerOf(metadata);
    if (binding?.type.toLowerCase() !== "httptrigger") return [];
    const { methods, route } = binding as { methods?: readonly string[]; route?: string };
    return [{ name: metadata.name, ...(methods && { methods }), ...(route !== undefined && { route }) }];
  });
  if (found.length > 0 && worker()?.httpPort === undefined)
    throw new Error("The local host requires HTTP streaming: call app.setup({ enableHttpStream: true }) in the app.");
  return found;
}

/** Bytes. azure-functions-host, HttpRequestBodySizeMiddleware.cs */
function readBodyLimit({ FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: limit = "" }: HostOptions["env"]): number {
  return /^\d+$/.test(limit) ? Number(limit) : DEFAULT_BODY_LIMIT;
}

/** Waits until all requests and triggers have finished, at most DRAIN_MS. */
async function drain(front: Front, app: App, triggersEnded: Promise<void>): Promise<void> {
  let triggers = 1;
  void triggersEnded.then(() => {
    triggers = 0;
  });
  const deadline = performance.now() + DRAIN_MS;
  const running = () => front.running() + (app.worker()?.running() ?? 0) + triggers;
  while (running() > 0 && performance.now() < deadline) await wait(10);
}

/** @throws {Error} the app's own message if it does not load, one line if the port is in use */
export async function startHost({ root, env, port, cors = [], site, log, ...options }: HostOptions): Promise<Host> {
  const { routePrefix, functionTimeout, blobParallelism } = await readHostJson(root);
  let serve: RequestListener = (_, response) => sendEmpty(response, 503, [["Retry-After", "1"]]);
  // Before the app, so that a port in use is reported at once.
  const listener = await listenOnLocalhost(
    guarded((incoming, response) => serve(incoming, response)),
    "The functions host",
    port,
  );
  let started: App | undefined;
  try {
    const url = `http://localhost:${listener.port}`;
    const address = {
      WEBSITE_HOSTNAME: new URL(url).host,
      APP_ORIGINS: `${url},http://127.0.0.1:${listener.port}`,
      ...(options.media && { CDN_BASE_URL: `${url}/media` }),
    };
    const website = websiteFront(env);
    const siteUrl = website && { SITE_URL: `${url}/` };
    const appEnv = { ...CORE_TOOLS, ...address, ...env, ...siteUrl, ...AZURE };
    const app = await startApp({ root, env: appEnv, functionTimeout, log });
    started = app;
    const table = routeTable(httpFunctions(app), routePrefix);
    const { blobWrites, retryMs = RETRY_MS } = options;
    const triggers = createTriggers({ app, env, blobWrites, blobParallelism, retryMs, log });
    const media = options.media && mediaFront(options.media, cors);

    const hasDocs = options.docs === true && table.routes.some(({ name }) => name === "openapi");
    const hasConsole = table.routes.some(({ name }) => name === "console");
    const prefix = `/${routePrefix.toLowerCase()}/`;
    const isOutsidePrefix = (path: string) => routePrefix === "" || !`${path}/`.toLowerCase().startsWith(prefix);
    function serveOther(incoming: IncomingMessage, path: string, response: ServerResponse): boolean {
      if (serveAdmin(path, incoming, response, triggers)) return true;
      if (hasDocs && serveDocs(path, incoming, response)) return true;
      if (hasConsole && /^\/console\/?$/i.test(path)) {
        response.writeHead(307, { Location: `${prefix}console/`, "Content-Length": 0 }).end();
        return true;
      }
      if (site === undefined || !isOutsidePrefix(path)) return false;
      const hint = `Nothing is at this path. The API is below ${prefix}, for example ${prefix}health. (In Azure this is an empty 404.)\n`;
      void serveFile({ folder: site, path, hint }, incoming, response);
      return true;
    }
    const limits = { maxBodyBytes: readBodyLimit(env), activityTimeout: options.activityTimeout };
    const accounts = [media, website].filter((each) => each !== undefined);
    const front = httpFront({ app, table, routePrefix, cors, ...limits, accounts, serveOther, log });
    serve = front.handler;
    triggers.start();

    async function end(how: "gracefully" | "at once"): Promise<void> {
      const begin = performance.now();
      front.drain();
      listener.stop();
      const killed = how === "at once" ? app.stop(0) : undefined;
      const triggersEnded = triggers.stop();
      await (killed ?? drain(front, app, triggersEnded));
      await app.stop(STOP_MS - (performance.now() - begin));
      front.close();
      for (const account of accounts) account.close();
      await listener.close();
    }
    let ending: Promise<void> | undefined;
    function close(): Promise<void> {
      ending ??= end("gracefully");
      return ending;
    }
    function kill(): Promise<void> {
      ending ??= end("at once");
      return ending;
    }
    const crash = () => void app.worker()?.stop(0);
    return { url, port: listener.port, functions: table.routes, close, kill, crash };
  } catch (error) {
    await started?.stop(STOP_MS);
    await listener.close();
    throw error;
  }
}
