// Whether a request's headers are its own: a query or a body can put others in their place (docs/decisions/009).
import { cutOff } from "./body.ts";
import type { Received } from "./received.ts";

/** What the host takes for `Headers`, whatever its case. */
export const replacesHeaders = (name: string): boolean => /^headers$/iu.test(name);

export type PeekableBody = AsyncIterable<Uint8Array> & {
  /** The next chunk nobody has seen yet; whoever reads the body gets it all the same. Undefined at the end. */
  peek(): Promise<Uint8Array | undefined>;
};

export function peekable(source: AsyncIterable<Uint8Array>): PeekableBody {
  const chunks = source[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  return {
    async peek() {
      const { done, value } = await chunks.next();
      if (done) return undefined;
      seen.push(value);
      return value;
    },
    async *[Symbol.asyncIterator]() {
      yield* seen;
      yield* { [Symbol.asyncIterator]: () => chunks };
    },
  };
}

/** Bytes of a body that are looked at. */
const LIMIT = 64 * 1024;

/** UTF-16 and UTF-32, which the host knows by their mark. */
const isWide = ([first, second, third, fourth]: Uint8Array) =>
  (first === 0xff && second === 0xfe) ||
  (first === 0xfe && second === 0xff) ||
  (first === 0 && second === 0 && third === 0xfe && fourth === 0xff);

/** Perhaps the beginning of a JSON object: \s and U+0085 are what .NET takes for white space. */
const mayBeObject = (bytes: Uint8Array) =>
  isWide(bytes) || /^[\s\u0085]*(?:\{|$)/.test(new TextDecoder().decode(bytes, { stream: true }));

function isOtherJson(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value !== "object" || value === null || !Object.keys(value).some(replacesHeaders);
  } catch {
    // The host's parser is more lenient than this one: with comments, single quotes and no quotes at all.
    return false;
  }
}

/**
 * False also when it cannot be told. The host reads a body of known length, whatever its type and method, and if it is a
 * JSON object lays its properties over the binding data, from where the library takes the headers.
 * Source: azure-webjobs-sdk-extensions, HttpTriggerAttributeBindingProvider.GetRequestBindingData and Utility.
 */
export async function hasOwnHeaders(
  method: string,
  received: Received | undefined,
  body: Pick<PeekableBody, "peek">,
): Promise<boolean> {
  if (!received) return false;
  if (received.contentLength === 0) return true;
  // The library drops these bodies, so nobody can look.
  if (method === "GET" || method === "HEAD") return false;
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= LIMIT) {
    const chunk = await body.peek().catch((cause: unknown) => {
      throw cutOff(cause);
    });
    if (!chunk) break;
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  const bytes = Buffer.concat(chunks);
  return !mayBeObject(bytes) || (size <= LIMIT && isOtherJson(bytes));
}
