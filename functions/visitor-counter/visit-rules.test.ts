// Which requests are visits, and which share a visitor.
import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../lib/http/forged-headers.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import { createVisitRules } from "./visit-rules.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const rules = createVisitRules({ countBots: false, uniques: true });

describe("findReason", () => {
  const reasonOf = (headers: Record<string, string>, page = "resume") => rules.findReason(page, new Headers(headers));

  it.each([
    ["Firefox", FIREFOX],
    [
      "Chrome on Android, on a phone called Cubot",
      "Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36",
    ],
    [
      "the browser of an app",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 300.0.0.0",
    ],
  ])("counts %s", (_, userAgent) => {
    expect(reasonOf({ "User-Agent": userAgent })).toBeUndefined();
  });

  it.each([
    ["curl", { "User-Agent": "curl/8.5.0" }],
    ["Node.js", { "User-Agent": "node" }],
    ["Googlebot", { "User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" }],
    ["an empty user agent", { "User-Agent": "" }],
    ["a blank user agent", { "User-Agent": "  " }],
    ["no user agent", {}],
  ])("rejects %s as a bot, except where bots count and on the page of the checks", (_, headers) => {
    expect(reasonOf(headers)).toBe("bot");
    expect(reasonOf(headers, VERIFY_PAGE)).toBeUndefined();
    expect(createVisitRules({ countBots: true, uniques: true }).findReason("resume", new Headers(headers))).toBe(
      undefined,
    );
  });

  it("searches a bounded part of the user agent", () => {
    const padded = (length: number) => reasonOf({ "User-Agent": `${FIREFOX} ${"x".repeat(length)} Googlebot/2.1` });
    expect(padded(100)).toBe("bot");
    expect(padded(10_000)).toBeUndefined();
  });

  it.each([
    ["Sec-Purpose", "prefetch"],
    ["Sec-Purpose", "prefetch;prerender"],
    ["Sec-Purpose", "prefetch;anonymous-client-ip"],
    ["Purpose", "prefetch"],
    ["X-Purpose", "preview"],
    ["X-Moz", "prefetch"],
    ["X-moz", "Prefetch"],
  ])("rejects a prefetch with %s: %s, also where bots count", (name, value) => {
    const headers = { "User-Agent": FIREFOX, [name]: value };
    expect(reasonOf(headers)).toBe("prefetch");
    const counting = createVisitRules({ countBots: true, uniques: true });
    expect(counting.findReason("resume", new Headers(headers))).toBe("prefetch");
  });

  it.each([
    ["Sec-Purpose", "navigate"],
    ["Sec-Fetch-Mode", "cors"],
    ["Referer", "https://example.com/prefetch"],
  ])("counts a visit with another header, %s: %s", (name, value) => {
    expect(reasonOf({ "User-Agent": FIREFOX, [name]: value })).toBeUndefined();
  });
});

describe("hashVisitor", () => {
  type Client = { page?: string; address?: string; headers?: Record<string, string>; uniques?: boolean };
  const hashOf = async ({ page = "resume", address = "203.0.113.7", headers = {}, uniques = true }: Client = {}) => {
    const request = {
      headers: new Headers({ "User-Agent": FIREFOX, ...headers }),
      address: async () => address,
    };
    const hash = await createVisitRules({ countBots: false, uniques }).hashVisitor(page, request);
    return hash && Buffer.from(hash).toString("hex");
  };

  it("is the same for the same page, address and user agent, and differs when one of them does", async () => {
    expect(await hashOf({ headers: { "Accept-Language": "de" } })).toBe(await hashOf());
    const others = await Promise.all([
      hashOf(),
      hashOf({ page: "projects" }),
      hashOf({ address: "203.0.113.8" }),
      hashOf({ address: "2001:db8:1:2::/64" }),
      hashOf({ headers: { "User-Agent": "Mozilla/5.0" } }),
    ]);
    expect(new Set(others).size).toBe(others.length);
    expect(others[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("cannot be the same for parts that only look alike when joined", async () => {
    const one = await hashOf({ page: "a", address: "b", headers: { "User-Agent": 'c","d' } });
    expect(await hashOf({ page: "a", address: 'b","c', headers: { "User-Agent": "d" } })).not.toBe(one);
  });

  it.each<[string, Client]>([
    ["an unknown address", { address: UNKNOWN }],
    ["Global Privacy Control", { headers: { "Sec-GPC": "1" } }],
    ["Do Not Track", { headers: { DNT: "1" } }],
    ["uniques turned off", { uniques: false }],
  ])("makes no hash for %s", async (_, client) => {
    expect(await hashOf(client)).toBeUndefined();
  });

  it("makes a hash for a visitor who does not object", async () => {
    expect(await hashOf({ headers: { "Sec-GPC": "0", DNT: "0" } })).toBeDefined();
  });

  it("does not determine the address of a visitor who objects", async () => {
    const request = {
      headers: new Headers({ "User-Agent": FIREFOX, DNT: "1" }),
      address: () => Promise.reject(new Error("The address was read")),
    };
    expect(await rules.hashVisitor("resume", request)).toBeUndefined();
  });
});
