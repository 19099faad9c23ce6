// Reads a body of known length before the function runs, as the real host does for its binding data.
// It does so for every method, route and content type: azure-webjobs-sdk-extensions,
// HttpTriggerAttributeBindingProvider.cs, BindAsync.
import type { IncomingMessage } from "node:http";

/** Undefined for a body that streams, which is one without Content-Length, and for a request without a body. */
export async function bufferBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  if (contentLength(incoming) === 0) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function contentLength({ headers }: Pick<IncomingMessage, "headers">): number {
  return Number(headers["content-length"] ?? 0);
}

/** Of Newtonsoft.Json. */
const MAX_DEPTH = 64;

/** White space of JSON, and the byte order mark of UTF-8. */
const SKIPPED = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
const OPENING_BRACE = 0x7b;

/** Its own recursion ends at the given number of levels. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(each, levels - 1));
}

/**
 * The members of a body that is a JSON object, which the host copies into the binding data; none for any other body.
 * The host's parser is more lenient: it also takes comments, single quotes and names without quotes.
 */
export function jsonMembers(body: Buffer | undefined): Readonly<Record<string, unknown>> {
  if (body?.find((byte) => !SKIPPED.has(byte)) !== OPENING_BRACE) return {};
  try {
    const value: object = JSON.parse(new TextDecoder().decode(body));
    return isDeeperThan(value, MAX_DEPTH) ? {} : { ...value };
  } catch {
    return {};
  }
}
