// The defence against forged headers: a query or a JSON body named `headers` replaces all headers of a request.
// The host copies properties of a JSON body, then the query, then the route parameters, then the headers into one
// dictionary that ignores case; a key that exists stays. The library reads the headers from there (docs/decisions/007).
// Source: azure-webjobs-sdk-extensions, HttpTriggerAttributeBindingProvider.GetRequestBindingData and Utility.
import { isIPv4, isIPv6 } from "node:net";
import { bodyEndedEarly, type PeekableBody } from "./body.ts";
import type { ReceivedRequest } from "./received-requests.ts";
import { placeOf, throwValidationError } from "./validation-issues.ts";

const isReserved = (name: string): boolean => /^headers$/iu.test(name);

export const hasReservedName = (names: Iterable<string>): boolean => [...names].some(isReserved);

/** @throws {AppError} VALIDATION_FAILED */
export function rejectReservedNames(names: Iterable<string>, part: "query" | "body"): void {
  const reserved = [...names].filter(isReserved);
  if (reserved.length > 0)
    throwValidationError(
      reserved.map((name) => ({ path: placeOf(part, [name]), message: "is a reserved name: leave it out." })),
    );
}

/** Bytes of a body that are inspected. */
const INSPECTED = 64 * 1024;

/** UTF-16 and UTF-32, which the host recognizes by their byte order mark. */
const isWide = ([first, second, third, fourth]: Uint8Array) =>
  (first === 0xff && second === 0xfe) ||
  (first === 0xfe && second === 0xff) ||
  (first === 0 && second === 0 && third === 0xfe && fourth === 0xff);

/** \s and U+0085 are what .NET regards as white space. */
export const mayBeJsonObject = (bytes: Uint8Array) =>
  isWide(bytes) || /^[\s\u0085]*(?:\{|$)/.test(new TextDecoder().decode(bytes, { stream: true }));

function isJsonWithoutReservedName(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value !== "object" || value === null || !hasReservedName(Object.keys(value));
  } catch {
    // The host's parser is more lenient: it takes comments, single quotes and unquoted names.
    return false;
  }
}

/** Whether the body cannot have replaced the headers: the host parses every body of known length. False if unknown. */
export async function headersAreGenuine(
  method: string,
  received: Pick<ReceivedRequest, "contentLength"> | undefined,
  body: Pick<PeekableBody, "peek">,
): Promise<boolean> {
  if (!received) return false;
  if (received.contentLength === 0) return true;
  // The library drops these bodies, so they cannot be inspected.
  if (method === "GET" || method === "HEAD") return false;
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= INSPECTED) {
    const chunk = await body.peek().catch((cause: unknown) => {
      throw bodyEndedEarly(cause);
    });
    if (!chunk) break;
    chunks.push(chunk);
    size += chunk.byteLength;
  }
  const bytes = Buffer.concat(chunks);
  return !mayBeJsonObject(bytes) || (size <= INSPECTED && isJsonWithoutReservedName(bytes));
}

/** The one bucket of all clients whose address is unknown. */
export const UNKNOWN = "unknown";

/** The eight groups of a valid IPv6 address, in lower-case hex without leading zeros. */
function groupsOf(address: string): string[] {
  // URL has one spelling per address, with hex instead of a dotted tail. https://url.spec.whatwg.org/#concept-ipv6-serializer
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const before = head.split(":").filter(Boolean);
  const after = (tail ?? "").split(":").filter(Boolean);
  return [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
}

function bucketOf(address: string): string | undefined {
  if (isIPv4(address)) return address;
  // Node accepts a zone as part of an address, but it has a meaning on one machine only.
  if (!isIPv6(address) || address.includes("%")) return undefined;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  // An IPv4 client on a dual-stack socket: RFC 4291 section 2.5.5.2.
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  // One customer has at least a /64 and can choose any address in it: RFC 6177.
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/**
 * The platform appends the peer to X-Forwarded-For, with its port; the client wrote everything before it.
 * @returns an IPv4 address, the /64 of an IPv6 address, or UNKNOWN
 */
export function addressOf(forwardedFor: string | null | undefined): string {
  const last = forwardedFor?.split(",").at(-1)?.trim() ?? "";
  const withoutPort = last.replace(/:\d{1,5}$/, "");
  for (const text of [last, withoutPort]) {
    const bucket = bucketOf(text.replace(/^\[(.*)\]$/, "$1"));
    if (bucket) return bucket;
  }
  return UNKNOWN;
}

type Evidence = {
  readonly request: { readonly method: string; readonly headers: Headers; readonly query: URLSearchParams };
  readonly received: Pick<ReceivedRequest, "contentLength"> | undefined;
  readonly body: Pick<PeekableBody, "peek">;
};

/** The address by which limits count a client; UNKNOWN unless its headers are genuine. */
export async function clientAddress({ request, received, body }: Evidence): Promise<string> {
  const { headers, method, query } = request;
  if (hasReservedName(query.keys())) return UNKNOWN;
  return (await headersAreGenuine(method, received, body)) ? addressOf(headers.get("x-forwarded-for")) : UNKNOWN;
}
