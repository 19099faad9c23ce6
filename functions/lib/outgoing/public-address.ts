// Which addresses an outgoing request may reach: those of the public internet. Pure.
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** Virtual address of the Azure platform on every machine: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 */
const AZURE_PLATFORM = "168.63.129.16";

/**
 * All of IPv6 that IANA assigns to public networks: https://www.iana.org/assignments/ipv6-address-space. ipaddr.js calls
 * the rest unicast where it has no range of its own, such as 100:0:0:1::/64 and ::127.0.0.1.
 */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * False for every block of both special-purpose registries of IANA, also for those that are globally reachable: no
 * website has such an address, and some of them contain an IPv4 address. False for text that is no address.
 */
export function isPublicAddress(text: string | undefined): boolean {
  if (text === undefined || isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv6 && !address.match(GLOBAL_UNICAST)) return false;
  return address.range() === "unicast" && address.toString() !== AZURE_PLATFORM;
}
