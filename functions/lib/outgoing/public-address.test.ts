// Which addresses are public, against the registries of IANA.
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { specialBlocks } from "./iana-registries.fixture.ts";
import { isPublicAddress } from "./public-address.ts";

/** First, middle and last address of a block. */
function samplesOf(block: string): readonly string[] {
  const [first, bits] = ipaddr.parseCIDR(block);
  const fill = (byte: number) => {
    const bytes = first.toByteArray().map((octet, index) => {
      const host = 0xff >> Math.min(8, Math.max(0, bits - 8 * index));
      return (octet & ~host) | (byte & host);
    });
    return ipaddr.fromByteArray(bytes).toString();
  };
  return [fill(0), fill(0x5a), fill(0xff)];
}

describe("isPublicAddress", () => {
  it.each(specialBlocks)("is false for all of %s (%s)", (block) => {
    for (const address of samplesOf(block)) expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });

  it.each([
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast"],
    ["ff02::1", "multicast"],
    ["168.63.129.16", "the platform of Azure"],
    ["169.254.169.254", "metadata of Azure"],
    ["::ffff:8.8.8.8", "IPv4-mapped, of a public address"],
    ["::ffff:7f00:1", "IPv4-mapped"],
    ["64:ff9b::7f00:1", "NAT64 of loopback"],
    ["64:ff9b::808:808", "NAT64 of a public address"],
    ["::127.0.0.1", "IPv4-compatible"],
    ["::ffff:0:127.0.0.1", "IPv4-translated"],
    ["fec0::1", "site-local"],
    ["4000::1", "not assigned"],
    ["fe80::1%eth0", "link-local with a zone"],
    ["134744072", "8.8.8.8, not in dotted form"],
    ["010.8.8.8", "8.8.8.8, in octal"],
    ["", "no address"],
    ["example.com", "a name"],
  ])("is false for %s (%s)", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    ...["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
    ...["168.63.129.15", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.169.0.0", "198.20.0.0"],
    ...["223.255.255.255", "2000::1", "2001:200::1", "2001:db9::", "2606:4700::1111", "3ffe::1", "3fff:1000::"],
  ])("is true for %s, which is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});
