// Which URLs may be requested, before any name is resolved.
import { describe, expect, it } from "vitest";
import { NOT_PUBLIC, parseTarget } from "./target.ts";

describe("parseTarget", () => {
  it.each([
    ["https://127.0.0.1/", "loopback"],
    ["https://0x7f.1/", "hexadecimal"],
    ["https://2130706433/", "one number"],
    ["https://127.1/", "two numbers"],
    ["https://0177.0.0.1/", "octal"],
    ["https://１２７.0.0.1/", "full-width digits"],
    ["https://①②⑦.0.0.1/", "circled digits"],
    ["https://%31%32%37.0.0.1/", "percent escapes"],
    ["https://127.0.0.1./", "a dot at the end"],
    ["https://127.0.0.1../", "two dots at the end"],
    ["https://[::1]/", "IPv6 loopback"],
    ["https://[::ffff:127.0.0.1]/", "IPv4-mapped"],
    ["https://[64:ff9b::7f00:1]/", "NAT64"],
    ["https://169.254.169.254/metadata/instance", "metadata"],
    ["https://168.63.129.16/", "the platform of Azure"],
    ["https://localhost/", "localhost"],
    ["https://LOCALHOST./", "localhost with a dot"],
    ["https://ｌｏｃａｌｈｏｓｔ/", "full-width localhost"],
    ["https://a.localhost/", "below localhost"],
    ["https://vault/", "no dot"],
    ["https://printer.local/", "multicast DNS"],
    ["https://metadata.google.internal/", "internal"],
    ["https://1.0.0.127.in-addr.arpa/", "arpa"],
    ["https://a..com/", "an empty label"],
    [`https://${"a".repeat(64)}.com/`, "a label of 64 characters"],
    [`https://${"a.".repeat(126)}com/`, "a name of 255 characters"],
  ])("rejects %s (%s) as not public", (url) => {
    expect(parseTarget(url)).toBe(NOT_PUBLIC);
  });

  it.each([
    ["http://example.com/a.png", "https"],
    ["file:///etc/passwd", "https"],
    ["javascript:alert(1)", "https"],
    ["example.com/a.png", "https"],
    ["", "https"],
    ["https://", "https"],
    ["https://user@example.com/", "user name"],
    ["https://user:secret@example.com/", "user name"],
    ["https://:secret@example.com/", "user name"],
    ["https://example.com:8443/", "port"],
    ["https://example.com:80/", "port"],
    [`https://example.com/${"a".repeat(2_048)}`, "2048"],
  ])("rejects %s by its rule, and does not repeat it", (url, rule) => {
    const issue = parseTarget(url);
    expect(issue).toContain(rule);
    expect(issue).not.toContain("secret");
  });

  it.each([
    ["https://example.com/a.png", "example.com"],
    ["HTTPS://EXAMPLE.com.:443/a.png", "example.com"],
    ["https://bücher.de/", "xn--bcher-kva.de"],
    ["https://my_bucket.s3.amazonaws.com/", "my_bucket.s3.amazonaws.com"],
    ["https://1.1.1.1/", "1.1.1.1"],
    ["https://[2606:4700::1111]/", "2606:4700::1111"],
  ])("accepts %s with the host %s", (url, host) => {
    expect(parseTarget(url)).toMatchObject({ host });
  });

  it("reads a relative redirect against its base", () => {
    const target = parseTarget("../b.png?x=1", new URL("https://example.com/photos/a.png"));
    expect(target).toMatchObject({ url: { href: "https://example.com/b.png?x=1" } });
  });
});
