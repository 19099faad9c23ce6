// Which key signs which link over days of simulated time, and what happens while the store returns no key.
import { dirname } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadCertificate } from "../../../local/certificate.ts";
import { createIssueLink } from "../../sas/issue-link.ts";
import { MAX_LINK_MS } from "../../sas/link-policy.ts";
import { createBlobService } from "./blobs.ts";
import { createCredential } from "./credential.ts";
import { covers, createDelegationKeys, validityFrom } from "./delegation-keys.ts";
import { type KeyStore, startKeyStore } from "./key-store.fixture.ts";
import { createLinkSigner } from "./link-signer.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const begin = Date.UTC(2026, 10, 21, 9, 0, 0, 123);
const certificate = await loadCertificate(dirname(process.env.NODE_EXTRA_CA_CERTS as string));
const credential = createCredential(undefined);
let store: KeyStore;
let now: number;
let issueLink: ReturnType<typeof createIssueLink>;

function open(uri = store.uri) {
  now = begin;
  const service = createBlobService(uri, credential);
  const clock = () => now;
  const keys = createDelegationKeys({ service, maxLinkMs: MAX_LINK_MS, now: clock });
  issueLink = createIssueLink({ keys, sign: createLinkSigner(service, undefined), now: clock });
}
beforeEach(async () => {
  store = await startKeyStore(certificate);
  open();
});
afterEach(() => store.close());

const image = { owner: "ada", id: "01932b2e-7c1a-7000-8000-5f3a9c1d2e4b", filename: "a.png" };

/** Issues a link and returns the times in its signature. */
async function link(seconds = 3_600) {
  const { url, expiresAt } = await issueLink(image, "original", seconds);
  const { searchParams } = new URL(url);
  const [starts, ends, keyStarts, keyEnds] = ["st", "se", "skt", "ske"].map((name) =>
    Date.parse(searchParams.get(name) ?? ""),
  ) as [number, number, number, number];
  return { expiresAt, starts, ends, keyStarts, keyEnds };
}

describe("over ten days", () => {
  it("every link is covered by its key and lasts as long as requested, with about one key a day", async () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 12 * HOUR }), seconds: fc.integer({ min: 60, max: 518_400 }) }),
      { minLength: 20, maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (chain) => {
        open();
        store.keys.length = 0;
        for (const { wait, seconds } of chain) {
          now += wait;
          if (now > begin + 10 * DAY) break;
          const { expiresAt, starts, ends, keyStarts, keyEnds } = await link(seconds);
          expect(ends).toBe(expiresAt);
          expect(ends - now).toBeGreaterThanOrEqual(seconds * 1_000);
          expect(ends - now).toBeLessThan((seconds + 1) * 1_000);
          expect(starts).toBeGreaterThanOrEqual(keyStarts);
          expect(starts).toBeLessThanOrEqual(now);
          expect(ends).toBeLessThanOrEqual(keyEnds - 5 * MINUTE);
          expect(keyEnds).toBeLessThanOrEqual(now + 7 * DAY);
          // A background refresh completes long before hours pass.
          const isFresh = async () => {
            const { keyStarts: startsAt, keyEnds: expiresAt } = await link(60);
            expect(covers({ startsAt, expiresAt }, now + MAX_LINK_MS)).toBe(true);
          };
          await vi.waitFor(isFresh, { interval: 2 });
        }
        const days = (now - begin) / DAY;
        expect(store.keys.length).toBeLessThanOrEqual(1 + days / (22.9 / 24));
      }),
      { numRuns: 20 },
    );
  });

  it("a link of six days is issued at any age of the key", async () => {
    for (; now < begin + 2 * DAY; now += 31 * MINUTE) {
      const { ends, keyEnds } = await link(518_400);
      expect(ends).toBeLessThanOrEqual(keyEnds - 5 * MINUTE);
    }
    expect(store.keys.length).toBeLessThanOrEqual(3);
  });
});

it("a link requires https when the store is not on 127.0.0.1", async () => {
  open(store.uri.replace("127.0.0.1", "localhost"));
  const { url } = await issueLink(image, "original", 60);
  expect(new URL(url).searchParams.get("spr")).toBe("https");
});

describe("covering", () => {
  it("51 concurrent callers share one key request", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.until = promise;
    const links = Promise.all(Array.from({ length: 51 }, () => link()));
    await vi.waitFor(() => expect(store.requests).toBe(1));
    resolve();
    expect(new Set((await links).map(({ keyEnds }) => keyEnds)).size).toBe(1);
    expect(store.requests).toBe(1);
  });

  it("an ageing key is refreshed once, and signs links meanwhile", async () => {
    const first = await link();
    now += DAY;
    const { promise, resolve } = Promise.withResolvers<void>();
    store.until = promise;
    for (let links = 0; links < 10; links++) expect((await link()).keyEnds).toBe(first.keyEnds);
    await vi.waitFor(() => expect(store.requests).toBe(2));
    resolve();
    await vi.waitFor(async () => expect((await link()).keyEnds).toBe(first.keyEnds + DAY));
    expect(store.requests).toBe(2);
  });

  it("an ageing key signs links while its refresh fails, and is requested again after a minute", async () => {
    const first = await link();
    now += DAY;
    store.rejects = true;
    for (let links = 0; links < 10; links++) expect((await link()).keyEnds).toBe(first.keyEnds);
    await vi.waitFor(() => expect(store.requests).toBe(2));
    now += MINUTE;
    expect((await link()).keyEnds).toBe(first.keyEnds);
    expect(store.requests).toBe(2);
    store.rejects = false;
    now += 1;
    await vi.waitFor(async () => expect((await link()).keyEnds).toBeGreaterThan(first.keyEnds));
    expect(store.requests).toBe(3);
  });

  it("a key that is too old for a long link signs a short one while no other is available", async () => {
    await link();
    now += 5 * DAY;
    store.rejects = true;
    await expect(link(518_400)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect((await link(3_600)).ends).toBeGreaterThan(now);
  });

  it("a key with a shorter validity than requested signs only links that it covers", async () => {
    store.shorterBy = 6 * DAY;
    await expect(link(86_400)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await link(3_600)).toMatchObject({ keyEnds: store.keys[0]?.expiresAt });
  });

  it("an expired key signs nothing", async () => {
    await link();
    now += 7 * DAY;
    store.rejects = true;
    await expect(link(60)).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
  });

  it("a failed key request throws DEPENDENCY_UNAVAILABLE to all waiting callers, and the next caller tries again", async () => {
    store.rejects = true;
    const outcomes = await Promise.allSettled([link(), link(), link()]);
    const failure = { code: "DEPENDENCY_UNAVAILABLE", cause: { statusCode: 403 }, headers: { "Retry-After": "5" } };
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: failure });
    expect(store.requests).toBe(1);
    store.rejects = false;
    expect((await link()).ends).toBeGreaterThan(now);
  });
});

describe("the validity of a key", () => {
  it("a key starts 15 minutes ago and ends an hour before the maximum of seven days", () => {
    expect(validityFrom(begin)).toEqual({ startsAt: begin - 15 * MINUTE, expiresAt: begin + 7 * DAY - HOUR });
  });

  it("a key covers a link that expires five minutes earlier, and none that expires later", () => {
    const key = { startsAt: begin, expiresAt: begin + DAY };
    expect(covers(key, begin + DAY - 5 * MINUTE)).toBe(true);
    expect(covers(key, begin + DAY - 5 * MINUTE + 1)).toBe(false);
  });

  it("a key covers the longest link for 22 hours and 55 minutes", () => {
    const key = validityFrom(begin);
    const last = begin + 23 * HOUR - 5 * MINUTE;
    expect(covers(key, last + MAX_LINK_MS)).toBe(true);
    expect(covers(key, last + 1 + MAX_LINK_MS)).toBe(false);
  });
});
