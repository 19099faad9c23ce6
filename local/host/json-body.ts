// Reads a JSON object of known length before the function runs, as the real host does for its binding data.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";

export type JsonBody = { readonly bytes: Buffer; readonly properties: Readonly<Record<string, unknown>> };

/** Azure buffers bodies of any size. Here longer ones are streamed. */
const MAX_BYTES = 64 * 1024;

function propertiesOf(bytes: Buffer): JsonBody["properties"] {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

/**
 * Reads a small body of known length that starts like an object. Returns undefined for any other body, which can still
 * be read. Rejects if the client disconnects meanwhile.
 */
export async function takeJsonBody(incoming: IncomingMessage): Promise<JsonBody | undefined> {
  const length = Number(incoming.headers["content-length"] ?? 0);
  if (length === 0 || length > MAX_BYTES) return undefined;
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
