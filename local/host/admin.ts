// POST /admin/functions/{name}: runs a function that is not triggered by HTTP. azure-functions-host, FunctionsController.cs
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { sendEmpty } from "../exchange.ts";
import type { Triggers } from "./triggers.ts";

const PATH = /^\/admin\/functions\/([^/]+)\/?$/i;
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

async function invoke(name: string, incoming: IncomingMessage, triggers: Triggers): Promise<number> {
  // Azure requires the host's key here. In its place, three checks keep foreign web pages out: their Origin, a content
  // type that needs a preflight, and a Host header that no foreign DNS name can produce.
  const { origin, host = "" } = incoming.headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) return 403;
  if (!incoming.headers["content-type"]?.toLowerCase().startsWith("application/json")) return 415;
  if (!LOCAL.test(host)) return 401;
  const body = await json(incoming).catch(() => undefined);
  if (typeof body !== "object" || body === null) return 400;
  const { input } = body as { input?: unknown };
  return triggers.invoke(name, typeof input === "string" ? input : undefined) ? 202 : 404;
}

/** Returns false if the request is not for this API. */
export function serveAdmin(
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  triggers: Triggers,
): boolean {
  const name = incoming.method === "POST" ? PATH.exec(path)?.[1] : undefined;
  if (name === undefined) return false;
  void invoke(name, incoming, triggers).then((status) => sendEmpty(response, status));
  return true;
}
