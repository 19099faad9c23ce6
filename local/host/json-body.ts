// A body that the real host reads for its binding data before it calls the function: a JSON object of known length.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";

export type JsonBody = { readonly bytes: Buffer; readonly properties: Readonly<Record<string, unknown>> };

/** Azure reads bodies of any size whole. Here longer ones flow, which is what their senders wait for. */
const LIMIT = 64 * 1024;

function propertiesOf(bytes: Buffer): JsonBody["properties"] {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/**
 * Reads a small body of known length that begins like an object. Undefined for any other, which then can be read as
 * always. Rejects when the caller goes away meanwhile.
 */
export async function takeJsonBody(incoming: IncomingMessage): Promise<JsonBody | undefined> {
  const length = Number(incoming.headers["content-length"] ?? 0);
  if (length === 0 || length > LIMIT) return undefined;
  await once(incoming, "readable");
  const first: Buffer | null = incoming.read();
  if (!first) return undefined;
  if (!/^\s*\{/.test(first.toString())) {
    incoming.unshift(first);
    return undefined;
  }
  const chunks = [first];
  for await (const chunk of incoming) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return { bytes, properties: propertiesOf(bytes) };
}
