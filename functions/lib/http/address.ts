// Whom a request comes from, as far as the platform vouches for it. Pure.
import { isIPv4, isIPv6 } from "node:net";

/** One bucket for everybody whose address nobody vouches for. */
export const UNKNOWN = "unknown";

/** The eight groups of a valid IPv6 address, in lower-case hex without leading zeros. */
function groupsOf(address: string): string[] {
  // URL writes an address in one way only, with hex in place of a dotted tail. https://url.spec.whatwg.org/#concept-ipv6-serializer
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const before = head.split(":").filter(Boolean);
  const after = (tail ?? "").split(":").filter(Boolean);
  return [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
}

function bucketOf(address: string): string | undefined {
  if (isIPv4(address)) return address;
  // Node takes a zone as part of an address; it means something on one machine alone.
  if (!isIPv6(address) || address.includes("%")) return undefined;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  // A caller over IPv4 that was taken on a socket for both: RFC 4291 section 2.5.5.2.
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  // One customer has at least a /64 and can choose any address in it: RFC 6177.
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/**
 * The platform appends the peer to X-Forwarded-For, with its port; whatever stands before was sent by the caller.
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
