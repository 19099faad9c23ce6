// POST /admin/functions/{name}: runs a function that HTTP does not trigger, now. For tests and for trying things out.
// azure-functions-host, FunctionsController.cs
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { answerEmpty } from "./forward.ts";
import type { Triggers } from "./triggers.ts";

const PATH = /^\/admin\/functions\/([^/]+)\/?$/i;
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

async function invoke(name: string, incoming: IncomingMessage, triggers: Triggers): Promise<number> {
  // Azure asks for the host's key here. In its place: a content type that no foreign web page may send unasked, and a
  // host name that no foreign name can be made to lead to.
  if (!incoming.headers["content-type"]?.toLowerCase().startsWith("application/json")) return 415;
  if (!LOCAL.test(incoming.headers.host ?? "")) return 401;
  const body = await json(incoming).catch(() => undefined);
  if (typeof body !== "object" || body === null) return 400;
  const { input } = body as { input?: unknown };
  return triggers.invoke(name, typeof input === "string" ? input : undefined) ? 202 : 404;
}

/** False when the request is not for this. */
export function admin(path: string, incoming: IncomingMessage, response: ServerResponse, triggers: Triggers): boolean {
  const name = incoming.method === "POST" ? PATH.exec(path)?.[1] : undefined;
  if (name === undefined) return false;
  void invoke(name, incoming, triggers).then((status) => answerEmpty(response, status));
  return true;
}
