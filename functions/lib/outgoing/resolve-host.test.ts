// Names against a DNS server on loopback, through the default connection: names that lead to this machine are rejected.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import https from "node:https";
import { isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import { afterAll, expect, it } from "vitest";
import type { AppError } from "../errors.ts";
import { consoleLog } from "../log.ts";
import { createDownload } from "./download.ts";
import { createResolver } from "./resolve-host.ts";
import { NOT_PUBLIC } from "./target.ts";

const AAAA = 28;
const zones: Record<string, readonly string[]> = {
  "four.example.com": ["127.0.0.1"],
  "mapped.example.com": ["::ffff:127.0.0.1"],
  "nat64.example.com": ["64:ff9b::7f00:1"],
  "both.example.com": ["1.1.1.1", "::1"],
};

/** RFC 1035 section 4: the question again, and an answer for each address of its type. */
function respondTo(query: Buffer): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const wantsV6 = query.readUInt16BE(at + 1) === AAAA;
  const name = labels.join(".").toLowerCase();
  if (name === "silent.example.com") return undefined;
  const found = zones[name]?.filter((address) => isIPv6(address) === wantsV6) ?? [];
  const answers = found.map((address) => {
    const data = Buffer.from(ipaddr.parse(address).toByteArray());
    return Buffer.from([0xc0, 12, 0, wantsV6 ? AAAA : 1, 0, 1, 0, 0, 0, 1, 0, data.length, ...data]);
  });
  const status = name in zones ? 0 : 3;
  const header = Buffer.from([query[0] ?? 0, query[1] ?? 0, 0x81, 0x80 | status, 0, 1, 0, found.length, 0, 0, 0, 0]);
  return Buffer.concat([header, question, ...answers]);
}

const dns = createSocket("udp4");
dns.on("message", (query, { address, port }) => {
  const response = respondTo(query);
  if (response) dns.send(response, port, address);
});
dns.bind(0, "127.0.0.1");
await once(dns, "listening");
afterAll(() => void dns.close());
const resolve = createResolver([`127.0.0.1:${dns.address().port}`]);
const never = new AbortController().signal;

it("resolveHost returns the addresses of both families, and none of a family without data", async () => {
  expect(await resolve("both.example.com", never)).toEqual(["1.1.1.1", "::1"]);
  expect(await resolve("four.example.com", never)).toEqual(["127.0.0.1"]);
});

it("resolveHost rejects for a name that does not exist, and does not read the hosts of the machine", async () => {
  await expect(resolve("none.example.com", never)).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(resolve("localhost", never)).rejects.toMatchObject({ code: "ENOTFOUND" });
});

it("resolveHost ends its queries when the signal does", async () => {
  await expect(resolve("silent.example.com", AbortSignal.timeout(50))).rejects.toMatchObject({ code: "ECANCELLED" });
  await expect(resolve("four.example.com", AbortSignal.abort())).rejects.toThrow();
});

it.each(Object.keys(zones))("a download rejects %s, which leads to this machine", async (host) => {
  const download = createDownload({ maxBytes: 1_000, log: consoleLog, network: { resolve, request: https.request } });
  const failure = download(`https://${host}/`, (file) => file.read());
  await expect(failure).rejects.toMatchObject({
    code: "VALIDATION_FAILED",
    message: `body.url ${NOT_PUBLIC}`,
  } satisfies Partial<AppError>);
});
