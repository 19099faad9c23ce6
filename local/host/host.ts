// The local functions host: a small stand-in for Azure Functions Core Tools. Starts the app, serves it, and ends it in order.
import { setTimeout as pause } from "node:timers/promises";
import { admin } from "./admin.ts";
import { startApp } from "./app.ts";
import { readHostJson } from "./host-json.ts";
import { type Front, httpFront } from "./http-front.ts";
import { listenOnLoopback } from "./listen.ts";
import type { RequestPath } from "./request-path.ts";
import { type Route, routeTable } from "./route-table.ts";
import { serveSite } from "./site.ts";
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
  /** Receives the host's own lines and the app's, one at a time. */
  readonly log: (line: string) => void;
};

export type Host = {
  readonly url: string;
  readonly port: number;
  /** The HTTP functions in the order in which their routes are tried; `route` includes the prefix. */
  readonly functions: readonly Route[];
  /** Takes no new requests, lets those under way and the app finish; within five seconds at most. */
  close(): Promise<void>;
};

const DRAIN_MS = 2500;
const STOP_MS = 4500;

async function drained(front: Front, running: () => number): Promise<void> {
  const until = performance.now() + DRAIN_MS;
  while (front.running() + running() > 0 && performance.now() < until) await pause(10);
}

/**
 * @throws {Error} whose message is for people: the app's own when it does not load, one line when the port is taken
 */
export async function startHost({ root, env, port, cors = [], site, log }: HostOptions): Promise<Host> {
  const { routePrefix } = await readHostJson(root);
  // The port comes first: whoever reads of a taken port should not have waited for the app.
  let serve: Front["handler"] = (_, response) => void response.writeHead(503, { "Content-Length": 0 }).end();
  const listener = await listenOnLoopback((incoming, response) => serve(incoming, response), port);
  const defaults = {
    AZURE_FUNCTIONS_ENVIRONMENT: "Development",
    FUNCTIONS_WORKER_RUNTIME: "node",
    TZ: "UTC",
    WEBSITE_HOSTNAME: `localhost:${listener.port}`,
  };
  try {
    const app = await startApp({ root, env: { ...defaults, ...env }, log });
    const httpFunctions = app.functions.flatMap((metadata) => {
      const binding = triggerOf(metadata);
      if (binding?.type.toLowerCase() !== "httptrigger") return [];
      const { methods, route } = binding as { methods?: readonly string[]; route?: string };
      return [{ name: metadata.name, ...(methods && { methods }), ...(route !== undefined && { route }) }];
    });
    const table = routeTable(httpFunctions, routePrefix);
    const triggers = createTriggers({ app, env, log });

    const outside = ({ path }: RequestPath) =>
      routePrefix === "" || !`${path}/`.toLowerCase().startsWith(`/${routePrefix.toLowerCase()}/`);
    const front = httpFront({
      app,
      table,
      cors,
      log,
      besides(incoming, path, response) {
        if (admin(path.path, incoming, response, triggers)) return true;
        if (site === undefined || !outside(path)) return false;
        void serveSite(site, path.path, incoming, response);
        return true;
      },
    });
    serve = front.handler;
    triggers.start();

    let closing: Promise<void> | undefined;
    async function end(): Promise<void> {
      const started = performance.now();
      front.drain();
      triggers.stop();
      listener.stop();
      await drained(front, () => app.worker()?.running() ?? 0);
      await app.stop(STOP_MS - (performance.now() - started));
      front.close();
      await listener.close();
    }
    return {
      url: `http://localhost:${listener.port}`,
      port: listener.port,
      functions: table.routes,
      close: () => (closing ??= end()),
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}
