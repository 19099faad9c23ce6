// The address by which limits count a client: what the platform appended, and nothing that the client wrote.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf, UNKNOWN } from "./forged-headers.ts";

describe("addressOf", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["203.0.113.9:51234", "203.0.113.9"],
    ["198.51.100.1, 203.0.113.9:51234", "203.0.113.9"],
    ["198.51.100.1,203.0.113.9", "203.0.113.9"],
    [" , , 203.0.113.9 ", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["[::ffff:203.0.113.9]:51234", "203.0.113.9"],
    ["::FFFF:CB00:7109", "203.0.113.9"],
    ["0:0:0:0:0:ffff:203.0.113.9", "203.0.113.9"],
    ["1::ffff:203.0.113.9", "1:0:0:0::/64"],
  ])("reads %j as %s", (header, bucket) => {
    expect(addressOf(header)).toBe(bucket);
  });

  it.each([
    undefined,
    null,
    "",
    ",",
    "unknown",
    "203.0.113",
    "203.0.113.256",
    "203.0.113.09",
    "0xcb.0.0x71.9",
    "203.0.113.9:",
    "203.0.113.9:123456",
    "[203.0.113.9",
    "203.0.113.9, _hidden",
    "203.0.113.9, ",
    "2001:db8:1:2:3:4:5",
    "2001:db8::1::2",
    "fe80::1%eth0",
    "for=203.0.113.9",
    "203.0.113.9\t203.0.113.10",
    "x".repeat(8_000),
  ])("returns UNKNOWN for %j", (header) => {
    expect(addressOf(header)).toBe(UNKNOWN);
  });

  const ip = fc.oneof(fc.ipV4(), fc.ipV6());
  const appended = fc.oneof(
    fc.ipV4(),
    fc.tuple(fc.ipV4(), fc.nat(65_535)).map(([address, port]) => `${address}:${port}`),
    fc.tuple(fc.ipV6(), fc.nat(65_535)).map(([address, port]) => `[${address}]:${port}`),
    fc.ipV6(),
  );

  it("ignores whatever the client wrote before the last address", () => {
    const fromClient = fc.oneof(fc.string({ maxLength: 60 }), fc.array(ip).map(String));
    fc.assert(
      fc.property(fromClient, appended, (before, last) => {
        expect(addressOf(`${before},${last}`)).toBe(addressOf(last));
        expect(addressOf(last)).not.toBe(UNKNOWN);
      }),
    );
  });

  it("returns one value for all IPv6 addresses of a /64, and another for another /64", () => {
    const group = fc.nat(0xffff).map((value) => value.toString(16));
    const half = fc.array(group, { minLength: 4, maxLength: 4 }).map((groups) => groups.join(":"));
    fc.assert(
      // In 2000::/3, the global unicast addresses.
      fc.property(half, half, half, half, (one, other, host, guest) => {
        const at = (network: string, rest: string) => addressOf(`[2${network.slice(1) || "0"}:${rest}]:443`);
        expect(at(one, host)).toBe(at(one, guest));
        if (one.slice(1) !== other.slice(1)) expect(at(one, host)).not.toBe(at(other, host));
      }),
    );
  });

  it("never throws, and returns an IPv4 address, a /64 or UNKNOWN for any text", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789abcdef:.[]%, ") }));
    fc.assert(
      fc.property(text, (header) => {
        expect(addressOf(header)).toMatch(/^(?:\d+(?:\.\d+){3}|[0-9a-f]+(?::[0-9a-f]+){3}::\/64|unknown)$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
